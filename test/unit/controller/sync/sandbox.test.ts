import { startSandbox } from "../../../../sandbox/index.ts";
import { createKubeClient } from "../../../../src/kube/index.ts";
import { describeSync } from "../../../helpers/sync-suite.ts";

describeSync("the sandbox", async () => {
  const sandbox = await startSandbox();
  const { url, caPem, token } = sandbox.endpoint;
  const headers = { authorization: `Bearer ${token}` };
  const client = createKubeClient({ server: url, ca: caPem, authorize: async () => headers });
  return {
    client,
    stop: async () => {
      await client.close();
      await sandbox.close();
    },
  };
});
