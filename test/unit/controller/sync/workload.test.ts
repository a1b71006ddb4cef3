import { describe, expect, test } from "vitest";
import { checkDecryptionAccount } from "../../../../controller/kustomization/decryption.ts";
import { keysInEntries } from "../../../../controller/kustomization/decryption-keys.ts";
import { kustomizationSpec } from "../../../../controller/kustomization/spec.ts";
import { parseVaultInstances, readVaultInstances } from "../../../../controller/kustomization/vault-instances.ts";
import { readWorkload } from "../../../../controller/kustomization/workload.ts";
import { workloadServices } from "../../../../controller/kustomization/workload-services.ts";
import type { Fetch } from "../../../../src/kms/ports.ts";
import type { KubeClient, RawRequest } from "../../../../src/kube/index.ts";
import type { KeyServices, MasterKey } from "../../../../src/sops/index.ts";
import { fakeAws } from "../../../helpers/fakes/aws.ts";
import { type FakeAzureOptions, fakeAzureLogin, fakeKeyVault } from "../../../helpers/fakes/azure.ts";
import {
  type FakeGoogleOptions,
  fakeGkeMetadata,
  fakeGoogleExchange,
  fakeGoogleImpersonation,
  fakeGoogleKms,
} from "../../../helpers/fakes/google.ts";
import { expectNoSecret, failureOf, withEnc } from "../../../helpers/fakes/key-failure.ts";
import { masterKey } from "../../../helpers/fakes/key-service.ts";
import { rawFetch } from "../../../helpers/fakes/raw-server.ts";
import { fakeVault } from "../../../helpers/fakes/vault.ts";
import { fetchOf, type Service } from "../../../helpers/fakes/wire.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";

const DATA_KEY = new Uint8Array(32).fill(7);
const NOW_MS = Date.UTC(2026, 5, 1);
const OWNER = { namespace: "apps", name: "decryptor" };
const tokenFor = (audience: string) => `eyJ.canary-${Buffer.from(audience).toString("hex")}`;

/** An API server with one ServiceAccount, which hands out tokens by audience, and one ConfigMap. */
function cluster(annotations: Record<string, string>, { status = 201, config = "" } = {}) {
  const requests: RawRequest[] = [];
  const client = {
    async get(resource: { kind: string }, key: { namespace?: string; name: string }) {
      if (resource.kind === "ConfigMap") return key.name === "vaults" ? { data: { "config.yaml": config } } : undefined;
      return key.name === OWNER.name ? { metadata: { ...key, annotations } } : undefined;
    },
    async raw(request: RawRequest) {
      requests.push(request);
      const { spec } = JSON.parse(String(request.body)) as { spec: { audiences: [string]; expirationSeconds: number } };
      expect(spec).toEqual({ audiences: [expect.any(String)], expirationSeconds: 600 });
      const body = { status: { token: tokenFor(spec.audiences[0]) } };
      return { status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) };
    },
  } as unknown as KubeClient;
  return { client, requests };
}

async function servicesFor(
  annotations: Record<string, string>,
  fetch: Fetch,
  more: { status?: number; vaults?: readonly { address: string; loginPath: string }[] } = {},
): Promise<{ services: KeyServices; requests: RawRequest[] }> {
  const { client, requests } = cluster(annotations, more);
  const workload = await readWorkload(client, OWNER, new AbortController().signal);
  if (workload === undefined) throw new Error("no account");
  const ports = testPorts({ fetch, startMs: NOW_MS });
  return { services: workloadServices(workload, ports, more.vaults ?? []), requests };
}

async function opens(services: KeyServices, key: MasterKey): Promise<void> {
  const service = services.get(key.type);
  if (service === undefined) throw new Error("no service");
  const enc = await service.encrypt(key, DATA_KEY);
  expect(await service.decrypt(withEnc(key, enc))).toEqual(DATA_KEY);
}

const nobody: Fetch = async () => {
  throw new Error("nobody was to be asked");
};

const ROLE = "arn:aws:iam::111122223333:role/decryptor";
const AZURE: FakeAzureOptions = {
  token: "eyJ.access",
  tenant: "11111111-2222-3333-4444-555555555555",
  clientId: "66666666-7777-8888-9999-000000000000",
  federatedToken: tokenFor("api://AzureADTokenExchange"),
};
const azureNotes = {
  "azure.workload.identity/client-id": AZURE.clientId,
  "azure.workload.identity/tenant-id": AZURE.tenant,
};
const azureKey = (host: string) => masterKey("azure_kv", { vault_url: `https://${host}`, name: "k", version: "a" });
const PROVIDER = "projects/1/locations/global/workloadIdentityPools/p/providers/x";
const RESOURCE = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
const gcpKey = masterKey("gcp_kms", { resource_id: RESOURCE });
const awsKey = masterKey("kms", {
  arn: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
});
const VAULT = "https://vault.example.com:8200";
const vaultKey = masterKey("hc_vault", { vault_address: VAULT, engine_path: "transit", key_name: "k" });

describe("a ServiceAccount logs in", () => {
  test("to AWS, as its role; one token for a pass", async () => {
    const aws = fakeAws("eu-central-1", () => NOW_MS);
    aws.roles.push({ arn: ROLE, tokens: [tokenFor("sts.amazonaws.com")] });
    const answer = aws.answer.bind(aws);
    const fetch = rawFetch({ "sts.eu-central-1.amazonaws.com": answer, "kms.eu-central-1.amazonaws.com": answer });
    const { services, requests } = await servicesFor({ "eks.amazonaws.com/role-arn": ROLE }, fetch);
    await opens(services, awsKey);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /api/v1/namespaces/apps/serviceaccounts/decryptor/token",
    ]);
    expect(aws.principals.at(-1)?.arn).toMatch(/assumed-role\/decryptor\/decryptor\.apps$/);
  });

  test("to Azure, and to no vault beyond Microsoft's clouds", async () => {
    const vault = fakeKeyVault(AZURE, [{ name: "k", version: "a" }]);
    const hosts: Record<string, Service> = {
      "team.vault.azure.net": vault,
      "vault.evil.example": vault,
      "login.microsoftonline.com": fakeAzureLogin(AZURE),
    };
    const { services } = await servicesFor(azureNotes, fetchOf(hosts));
    await opens(services, azureKey("team.vault.azure.net"));
    const error = await failureOf(opens(services, azureKey("vault.evil.example")));
    expect(error.code).toBe("KEY_SERVICE_NOT_ALLOWED");
  });

  test.each([{ account: "" }, { account: "robot@p.iam.gserviceaccount.com" }])(
    "to Google Cloud, becoming $account",
    async ({ account }) => {
      const google: FakeGoogleOptions = {
        token: "ya29.access",
        keys: [RESOURCE],
        federation: {
          audience: `//iam.googleapis.com/${PROVIDER}`,
          subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
          subjectToken: tokenFor(`https://iam.googleapis.com/${PROVIDER}`),
          ...(account === "" ? {} : { impersonated: account }),
        },
      };
      const fetch = fetchOf({
        "cloudkms.googleapis.com": fakeGoogleKms(google),
        "sts.googleapis.com": fakeGoogleExchange(google),
        "iamcredentials.googleapis.com": fakeGoogleImpersonation(google),
      });
      const notes = {
        "gcp.auth.fluxcd.io/workload-identity-provider": PROVIDER,
        ...(account === "" ? {} : { "iam.gke.io/gcp-service-account": account }),
      };
      await opens((await servicesFor(notes, fetch)).services, gcpKey);
    },
  );

  test.each([{ account: "" }, { account: "robot@p.iam.gserviceaccount.com" }])(
    "to Google Cloud from GKE, by the cluster's own provider, becoming $account",
    async ({ account }) => {
      const pool = "team-1.svc.id.goog";
      const provider = "https://container.googleapis.com/v1/projects/team-1/locations/europe-west1/clusters/prod";
      const google: FakeGoogleOptions = {
        token: "ya29.access",
        keys: [RESOURCE],
        federation: {
          audience: `identitynamespace:${pool}:${provider}`,
          subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
          subjectToken: tokenFor(pool),
          ...(account === "" ? {} : { impersonated: account }),
        },
      };
      const fetch = fetchOf({
        "169.254.169.254": fakeGkeMetadata({
          "project/project-id": "team-1",
          "instance/attributes/cluster-location": "europe-west1",
          "instance/attributes/cluster-name": "prod\n",
        }),
        "cloudkms.googleapis.com": fakeGoogleKms(google),
        "sts.googleapis.com": fakeGoogleExchange(google),
        "iamcredentials.googleapis.com": fakeGoogleImpersonation(google),
      });
      const notes = account === "" ? {} : { "iam.gke.io/gcp-service-account": account };
      await opens((await servicesFor(notes, fetch)).services, gcpKey);
    },
  );

  test.each<[string, Record<string, Service>]>([
    ["nobody is there", {}],
    ["a machine of Google's outside GKE", { "169.254.169.254": fakeGkeMetadata({ "project/project-id": "team-1" }) }],
    ["another server", { "169.254.169.254": () => ({ status: 200, body: "team-1" }) }],
    [
      "names that climb",
      {
        "169.254.169.254": fakeGkeMetadata({
          "project/project-id": "team-1",
          "instance/attributes/cluster-location": "../x",
          "instance/attributes/cluster-name": "prod",
        }),
      },
    ],
  ])("to Google Cloud without a provider: %s, and no token is asked for", async (_, hosts) => {
    const { services, requests } = await servicesFor({}, fetchOf(hosts));
    const error = await failureOf(opens(services, gcpKey));
    expect(error.code).toBe("KEY_SERVICE_NO_CREDENTIALS");
    expect(error.message).toMatch(/workload-identity-provider, and this is no cluster of GKE: the metadata server/);
    expect(requests).toEqual([]);
  });

  test("to a Vault of the list, and to no other", async () => {
    const kubernetes = { role: "apps_decryptor", jwt: tokenFor(VAULT), leaseSeconds: 600 };
    const { service } = fakeVault({ token: "hvs.session-token", keys: ["transit/k"], kubernetes });
    const vaults = [{ address: VAULT, loginPath: "auth/kubernetes/login" }];
    const fetch = fetchOf({ "vault.example.com:8200": service });
    const { services, requests } = await servicesFor({}, fetch, { vaults });
    await opens(services, vaultKey);
    const far = masterKey("hc_vault", {
      vault_address: "https://vault.example.com:8201",
      engine_path: "transit",
      key_name: "k",
    });
    expect((await failureOf(opens(services, far))).code).toBe("KEY_SERVICE_NOT_ALLOWED");
    expect(requests).toHaveLength(1);
    expect((await servicesFor({}, nobody)).services.has("hc_vault")).toBe(false);
  });
});

describe("a ServiceAccount is refused", () => {
  test.each([
    { name: "without a role of AWS", notes: {}, key: awsKey, says: "eks.amazonaws.com/role-arn" },
    {
      name: "with a role that is none",
      notes: { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:user/x" },
      key: awsKey,
      says: "malformed",
    },
    {
      name: "with half of Azure",
      notes: { "azure.workload.identity/client-id": "x" },
      key: azureKey("team.vault.azure.net"),
      says: "azure.workload.identity/tenant-id",
    },
    {
      name: "with a tenant that climbs",
      notes: { ...azureNotes, "azure.workload.identity/tenant-id": "../x" },
      key: azureKey("team.vault.azure.net"),
      says: "malformed",
    },
    {
      name: "with a provider that is none",
      notes: { "gcp.auth.fluxcd.io/workload-identity-provider": "projects/x" },
      key: gcpKey,
      says: "malformed",
    },
    {
      name: "with an account of Google that climbs",
      notes: {
        "gcp.auth.fluxcd.io/workload-identity-provider": PROVIDER,
        "iam.gke.io/gcp-service-account": "a/b@p.iam.gserviceaccount.com",
      },
      key: gcpKey,
      says: "iam.gke.io/gcp-service-account",
    },
  ])("$name, and nobody is asked", async ({ notes, key, says }) => {
    const { services, requests } = await servicesFor(notes as Record<string, string>, nobody);
    const error = await failureOf(opens(services, key));
    expect(error.code).toBe("KEY_SERVICE_NO_CREDENTIALS");
    expect(`${error.message} ${error.hints.join()}`).toContain(says);
    expect(requests).toEqual([]);
  });

  test("when the controller may not have tokens of it", async () => {
    const { services } = await servicesFor({ "eks.amazonaws.com/role-arn": ROLE }, nobody, { status: 403 });
    const error = await failureOf(opens(services, awsKey));
    expect(error.hints.join()).toContain("sealkit-tenant-identity");
    expectNoSecret(error, ["canary"]);
  });

  test("when it is not there", async () => {
    const { client } = cluster({});
    const other = { ...OWNER, name: "other" };
    expect(await readWorkload(client, other, new AbortController().signal)).toBeUndefined();
  });
});

test("whether an object may name an account", () => {
  const spec = (serviceAccountName?: string) =>
    kustomizationSpec({
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name: "k", namespace: "apps" },
      spec: { decryption: { provider: "sops", ...(serviceAccountName === undefined ? {} : { serviceAccountName }) } },
    });
  const machine = { sealedOff: testPorts(), vaultAddresses: [] };
  expect(() => checkDecryptionAccount(spec("x"), { machine })).toThrow("--feature-gates");
  expect(() => checkDecryptionAccount(spec("x:y"), { machine, workloads: {} })).toThrow("no name of a ServiceAccount");
  checkDecryptionAccount(spec("x"), { machine, workloads: {} });
  checkDecryptionAccount(spec(), { machine });
  // A rehearsal has the key services of the person who asked for it.
  checkDecryptionAccount(spec("x"), { machine: { ...machine, services: new Map() } });
});

test("credentials of the Secret go before those of the account, and these before those of the pod", async () => {
  const { services: workload } = await servicesFor({}, nobody);
  const machine = { sealedOff: testPorts(), ambient: testPorts(), vaultAddresses: [], workload };
  const secret = new Map([["sops.aws-kms", Buffer.from("aws_access_key_id: A\naws_secret_access_key: x")]]);
  const { services } = keysInEntries(secret, "", machine);
  expect(services?.get("kms")).not.toBe(workload.get("kms"));
  expect(services?.get("azure_kv")).toBe(workload.get("azure_kv"));
  expect(keysInEntries(secret, "", machine, { only: "age" }).services).toBe(workload);
});

describe("parseVaultInstances()", () => {
  test("reads what Flux reads", async () => {
    const config = `instances:\n  - address: ${VAULT}\n    loginPath: ns1/auth/kubernetes/login\n`;
    const wanted = [{ address: VAULT, loginPath: "ns1/auth/kubernetes/login" }];
    const { client } = cluster({}, { config });
    const { signal } = new AbortController();
    expect(await readVaultInstances(client, { namespace: "own", name: "vaults" }, signal)).toEqual(wanted);
    expect(await readVaultInstances(client, { namespace: "own", name: "none" }, signal)).toContain("no such ConfigMap");
    expect(parseVaultInstances("{}")).toEqual([]);
  });

  test.each([
    "x",
    "- a",
    "a: [",
    "instances: [{}]",
    `instances: [{address: "${VAULT}"}]`,
    "instances: [{address: vault, loginPath: x}]",
    'instances: [{address: "https://u:p@vault", loginPath: x}]',
  ])("refuses %s", (text) => {
    expect(parseVaultInstances(text)).toBeTypeOf("string");
  });
});
