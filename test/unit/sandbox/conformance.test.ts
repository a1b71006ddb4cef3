import { afterAll, beforeAll, describe } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import { Api } from "../../conformance/endpoint.ts";
import { conformance } from "../../conformance/index.ts";

describe("the sandbox does what the API server does", () => {
  let sandbox: Sandbox;
  let api: Api;
  beforeAll(async () => {
    sandbox = await startSandbox({ pretendReady: false });
    api = new Api(sandbox.endpoint);
  });
  afterAll(async () => {
    api.close();
    await sandbox.close();
  });
  conformance(() => api);
});
