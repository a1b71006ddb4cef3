import { type IsolatedRenderer, type IsolatedRendererOptions, isolatedRenderer } from "../../src/secrets/index.ts";
import { builtProgram } from "./built-program.ts";

/** A renderer over processes that run the module of these sources. */
export async function testRenderer(options: IsolatedRendererOptions = {}): Promise<() => IsolatedRenderer> {
  const worker = await builtProgram("src/secrets/render/render-worker-adapter.ts");
  return () => isolatedRenderer({ worker, ...options });
}
