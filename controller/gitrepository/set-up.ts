import { removeLeftovers } from "../../src/git/index.ts";
import { ArtifactStorage, serveArtifacts } from "../../src/sources/index.ts";
import type { SetUp, SetupPorts } from "../setup.ts";
import type { Family } from "../start.ts";
import { gitRepositoryController } from "./reconciler.ts";
import { defaultSourceSettings, type SourceSettings } from "./settings.ts";

/** The source kinds, their storage and its server. */
export function sourceFamily(given: Partial<SourceSettings> & Pick<SourceSettings, "storagePath">): Family {
  const settings: SourceSettings = { ...defaultSourceSettings, ...given };
  return { name: "source", setUp: (ports) => setUp(settings, ports) };
}

async function setUp(settings: SourceSettings, { clock, log }: SetupPorts): Promise<SetUp> {
  const removed = await removeLeftovers(settings.tempFolder);
  if (removed > 0) log.info("Removed what a former process left", { folders: removed });
  let address = "";
  const storage = new ArtifactStorage({
    root: settings.storagePath,
    advertisedAddress: () => settings.storageAdvertisedAddress ?? address,
    now: () => clock.now(),
    retentionMs: settings.artifactRetentionMs,
    retentionRecords: settings.artifactRetentionRecords,
  });
  await storage.prepare();
  const server = await serveArtifacts(settings.storagePath, hostAndPort(settings.storageAddress));
  address = server.address;
  log.info("Artifact server serving", { addr: address });
  return {
    controllers: [
      gitRepositoryController({
        storage,
        concurrency: settings.concurrency,
        jitterPercent: settings.intervalJitterPercent,
        tempFolder: settings.tempFolder,
        limits: settings.limits,
        labelSelector: settings.labelSelector,
      }),
    ],
    ready: Promise.resolve(),
    stop: () => server.close(),
  };
}

/** `:9090` listens everywhere, as in Go. */
function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host: host === "" ? "0.0.0.0" : host, port: Number(address.slice(colon + 1)) };
}
