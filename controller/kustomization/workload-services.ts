import { ClearText } from "../../src/clear-text.ts";
import {
  awsKms,
  azureKeyVault,
  fixedVaultSettings,
  gcpKms,
  gkeCluster,
  type KmsPorts,
  kubernetesLogin,
  serversOf,
  vaultTransitWith,
} from "../../src/kms/index.ts";
import {
  type KeyService,
  KeyServiceError,
  type KeyServices,
  type KeyType,
  SERVICE_NAMES,
} from "../../src/sops/index.ts";
import type { VaultInstance } from "./vault-instances.ts";
import type { Workload } from "./workload.ts";

/**
 * The key services that a ServiceAccount logs in to with tokens of its own: those that its annotations name, and the
 * Vault servers of the list. Nothing else of this machine takes part.
 *
 * Source: Flux's "Object Identity API"; Google's, Amazon's and Microsoft's pages on workload identity for Kubernetes.
 */
export function workloadServices(
  workload: Workload,
  ports: KmsPorts,
  vaultInstances: readonly VaultInstance[],
): KeyServices {
  const services = new Map<KeyType, KeyService>([
    ["kms", awsService(workload, ports)],
    ["azure_kv", azureService(workload, ports)],
    ["gcp_kms", googleService(workload, ports)],
  ]);
  if (vaultInstances.length > 0) services.set("hc_vault", vaultService(workload, ports, vaultInstances));
  return services;
}

const AWS_ROLE = "eks.amazonaws.com/role-arn";

function awsService(workload: Workload, ports: KmsPorts): KeyService {
  const role = workload.annotations[AWS_ROLE] ?? "";
  if (!/^arn:aws[\w-]*:iam::\d{1,30}:role\/[\w+=,.@/-]{1,200}$/.test(role)) return refusing(workload, [AWS_ROLE], role);
  const session = `${workload.name}.${workload.namespace}`.slice(0, MAX_SESSION_CHARACTERS);
  return withToken(workload, "sts.amazonaws.com", (tokenFile) =>
    awsKms(
      overlaid(ports, tokenFile, {
        ...{ AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile.path, AWS_ROLE_SESSION_NAME: session },
        // Should the login fail, nobody is asked who the machine is.
        AWS_EC2_METADATA_DISABLED: "true",
      }),
    ),
  );
}

const MAX_SESSION_CHARACTERS = 64;

const AZURE_CLIENT = "azure.workload.identity/client-id";
const AZURE_TENANT = "azure.workload.identity/tenant-id";

function azureService(workload: Workload, ports: KmsPorts): KeyService {
  const [client = "", tenant = ""] = [workload.annotations[AZURE_CLIENT], workload.annotations[AZURE_TENANT]];
  const isId = /^[0-9A-Za-z-]{1,64}$/;
  if (!isId.test(client) || !isId.test(tenant))
    return refusing(workload, [AZURE_CLIENT, AZURE_TENANT], client + tenant);
  return withToken(workload, "api://AzureADTokenExchange", (tokenFile) =>
    azureKeyVault(
      overlaid(ports, tokenFile, {
        ...{ AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant, AZURE_FEDERATED_TOKEN_FILE: tokenFile.path },
        AZURE_TOKEN_CREDENTIALS: "WorkloadIdentityCredential",
      }),
      { onlyMicrosoft: true },
    ),
  );
}

const GCP_PROVIDER = "gcp.auth.fluxcd.io/workload-identity-provider";
const GCP_ACCOUNT = "iam.gke.io/gcp-service-account";
const PROVIDER =
  /^projects\/\d{1,30}\/locations\/global\/workloadIdentityPools\/[^/\s]{1,100}\/providers\/[^/\s]{1,100}$/;

function googleService(workload: Workload, ports: KmsPorts): KeyService {
  const provider = workload.annotations[GCP_PROVIDER] ?? "";
  const account = workload.annotations[GCP_ACCOUNT] ?? "";
  if (!/^([\w.-]{1,100}@[\w.-]{1,200}\.iam\.gserviceaccount\.com)?$/.test(account)) {
    return refusing(workload, [GCP_ACCOUNT], account);
  }
  if (provider === "") return gkeService(workload, ports, account);
  if (!PROVIDER.test(provider)) return refusing(workload, [GCP_PROVIDER], provider);
  const audiences = {
    ofToken: `https://iam.googleapis.com/${provider}`,
    ofExchange: `//iam.googleapis.com/${provider}`,
  };
  return federatedService(workload, ports, { ...audiences, account });
}

interface Federation {
  readonly ofToken: string;
  readonly ofExchange: string;
  /** The account of Google to become; `""` for none. */
  readonly account: string;
}

function federatedService(
  workload: Workload,
  ports: KmsPorts,
  { ofToken, ofExchange, account }: Federation,
): KeyService {
  const impersonation = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:generateAccessToken`;
  return withToken(workload, ofToken, (tokenFile) =>
    gcpKms(
      overlaid(ports, tokenFile, {
        GOOGLE_CREDENTIALS: JSON.stringify({
          ...{ type: "external_account", audience: ofExchange },
          subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
          credential_source: { file: tokenFile.path },
          ...(account === "" ? {} : { service_account_impersonation_url: impersonation }),
        }),
      }),
    ),
  );
}

/** On GKE the cluster itself is the provider; which one it is, the metadata server says at the first use. */
function gkeService(workload: Workload, ports: KmsPorts, account: string): KeyService {
  let found: Promise<KeyService> | undefined;
  const service = async () => {
    found ??= gkeCluster(ports).then((cluster) =>
      cluster.kind === "refusal"
        ? refusing(workload, [GCP_PROVIDER], "", `, and this is no cluster of GKE: ${cluster.state}`)
        : federatedService(workload, ports, {
            ...{ ofToken: cluster.pool, ofExchange: `identitynamespace:${cluster.pool}:${cluster.provider}` },
            account,
          }),
    );
    return await found;
  };
  return {
    name: SERVICE_NAMES.gcp_kms,
    encrypt: async (key, dataKey) => await (await service()).encrypt(key, dataKey),
    decrypt: async (key) => await (await service()).decrypt(key),
  };
}

function vaultService(workload: Workload, ports: KmsPorts, instances: readonly VaultInstance[]): KeyService {
  const instanceOf = (server: URL) => instances.find(({ address }) => serversOf([address])(server));
  const settings = fixedVaultSettings({
    allowed: (server) => instanceOf(server) !== undefined,
    allowHint: (address) => `add it to the ConfigMap of --sops-vault-configmap, if you trust it: ${address}`,
  });
  const login = kubernetesLogin(ports, {
    role: `${workload.namespace}_${workload.name}`,
    loginPath: (server) => instanceOf(server)?.loginPath ?? "",
    jwt: async (server) => ClearText.fromText(await workload.token(instanceOf(server)?.address ?? "")),
  });
  return vaultTransitWith(ports, settings, login);
}

/** Where the ways to log in look for the token of a workload. */
interface TokenFile {
  readonly path: string;
  readonly read: () => Promise<Uint8Array>;
}

const TOKEN_PATH = "/token-of-the-service-account";

/** A service that is asked when the token is there: why there is none is said first, and better. */
function withToken(workload: Workload, audience: string, make: (file: TokenFile) => KeyService): KeyService {
  const read = async () => new TextEncoder().encode(await workload.token(audience));
  const service = make({ path: TOKEN_PATH, read });
  return {
    name: service.name,
    async encrypt(key, dataKey) {
      await workload.token(audience);
      return await service.encrypt(key, dataKey);
    },
    async decrypt(key) {
      await workload.token(audience);
      return await service.decrypt(key);
    },
  };
}

/** The network as before; an environment and a file of nobody but this workload. */
function overlaid(ports: KmsPorts, { path, read }: TokenFile, env: Readonly<Record<string, string>>): KmsPorts {
  return {
    ...ports,
    env: (name) => (Object.hasOwn(env, name) ? env[name] : ports.env(name)),
    readFile: async (wanted) => (wanted === path ? await read() : undefined),
  };
}

/** Stands in for a service that the account is not set up for: the error names what is missing. */
function refusing({ namespace, name }: Workload, wanted: readonly string[], given: string, more = ""): KeyService {
  const account = `ServiceAccount ${namespace}/${name}`;
  const refuse = async (): Promise<never> => {
    const state = given === "" ? "it has not" : "it has a malformed one of";
    const message = `Cannot log in as ${account}: ${state} the annotation ${wanted.join(" and ")}${more}`;
    throw new KeyServiceError("KEY_SERVICE_NO_CREDENTIALS", message, {
      hints: [`kubectl -n ${namespace} annotate serviceaccount ${name} ${wanted.map((one) => `${one}=…`).join(" ")}`],
      original: message,
    });
  };
  return { name: account, encrypt: refuse, decrypt: refuse };
}
