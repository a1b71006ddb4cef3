import { startSandbox } from "../../../../sandbox/index.ts";
import { sealedSecretSuite } from "../../../suites/sealedsecret.ts";

sealedSecretSuite("SealedSecret on the sandbox", async () => {
  const sandbox = await startSandbox();
  const { endpoint } = sandbox;
  return {
    config: {
      server: endpoint.url,
      ca: endpoint.caPem,
      authorize: async () => ({ authorization: `Bearer ${endpoint.token}` }),
    },
    loseWatches: async () => sandbox.compact(),
    stop: () => sandbox.close(),
  };
});
