import type { ServerResponse } from "node:http";
import { StatusError } from "../status.ts";
import type { Form } from "./negotiate.ts";
import { toYaml } from "./yaml-body.ts";

/** Sends an object, list or Status. */
export function sendObject(
  response: ServerResponse,
  status: number,
  body: unknown,
  options: { form: Form | undefined; warnings: readonly string[] },
): void {
  const yaml = options.form?.yaml === true;
  const text = yaml ? toYaml(body) : `${JSON.stringify(body)}\n`;
  for (const warning of options.warnings.slice(0, 20)) {
    response.appendHeader(
      "Warning",
      `299 - "${warning
        .replaceAll("\\", "\\\\")
        .replaceAll('"', '\\"')
        .replace(/[^\x20-\x7e]/g, "?")}"`,
    );
  }
  send(response, status, yaml ? "application/yaml" : "application/json", text);
}

export function send(response: ServerResponse, status: number, contentType: string, body: string | Uint8Array): void {
  response.writeHead(status, {
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-cache, private",
  });
  response.end(body);
}

/** Sends any failure as a Status. What is not a StatusError is a fault of the sandbox: it says so without details. */
export function sendError(response: ServerResponse, error: unknown): void {
  const failure =
    error instanceof StatusError
      ? error
      : new StatusError({
          code: 500,
          reason: "InternalError",
          message: `Internal error occurred: ${error instanceof Error ? error.message : "unknown"}`,
          details: { causes: [{ message: "fault of the sandbox" }] },
        });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (failure.retryAfterSeconds !== undefined) response.setHeader("Retry-After", String(failure.retryAfterSeconds));
  send(response, failure.code, "application/json", `${JSON.stringify(failure.toStatus())}\n`);
}
