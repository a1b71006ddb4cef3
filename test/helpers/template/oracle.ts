import { spawnSync } from "node:child_process";
import { peer } from "../peers.ts";

/** One question to the Go library; see test/peers/modules/template-oracle. The first template is executed. */
export interface TemplateRequest {
  readonly templates: readonly { readonly name: string; readonly text?: string; readonly bytes?: string }[];
  /** JSON; `{"$go": TYPE, "value": …}` in it is a value of that Go type. */
  readonly data?: unknown;
  /** The data is a `map[string]string`. */
  readonly strings?: boolean;
  readonly options?: readonly string[];
  readonly delims?: readonly [string, string];
  readonly execute?: string;
  /** Answer the parsed template as text. */
  readonly tree?: boolean;
  /** Without the functions of Sprig. */
  readonly plain?: boolean;
}

export interface TemplateAnswer {
  readonly output: string;
  /** Base64 of the output, when that is no UTF-8. */
  readonly bytes?: string;
  readonly error?: string;
}

/** Asks Go's text/template with Sprig. */
export function askTemplateOracle(requests: readonly TemplateRequest[]): TemplateAnswer[] {
  const input = `${requests.map((request) => JSON.stringify(request)).join("\n")}\n`;
  const run = spawnSync(peer("template-oracle"), { input, encoding: "utf8", maxBuffer: 1 << 30, timeout: 120_000 });
  const answers = run.stdout.trimEnd().split("\n");
  if (run.status !== 0 || answers.length !== requests.length) {
    const last = JSON.stringify(requests[answers.length]);
    throw new Error(`template-oracle ended with ${run.status ?? run.signal} at ${last}: ${run.stderr.slice(0, 500)}`);
  }
  return answers.map((answer): TemplateAnswer => JSON.parse(answer));
}
