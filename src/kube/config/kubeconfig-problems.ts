import { KubeError } from "../errors.ts";
import type { FileOrData, KubeconfigUser } from "./kubeconfig.ts";

/** The parts of a kubeconfig that were chosen, with what the command line put in their place. */
export interface ChosenParts {
  readonly clusterName: string;
  readonly ca: FileOrData | undefined;
  readonly proxyUrl: string | undefined;
  readonly userName: string;
  readonly user: KubeconfigUser | undefined;
}

/**
 * Refuses what cannot work before anything is asked, in the words of the Go clients.
 *
 * @param whyUnreadable says why a file cannot be read, or undefined when it can.
 * @throws {KubeError} `KUBE_CONFIG_BROKEN`
 */
export function checkChosen(parts: ChosenParts, whyUnreadable: (file: FileOrData) => string | undefined): void {
  const problems = [...userProblems(parts, whyUnreadable), ...clusterProblems(parts, whyUnreadable)];
  const [first] = problems;
  if (first === undefined) return;
  const all = problems.length === 1 ? first : `[${problems.join(", ")}]`;
  throw new KubeError("KUBE_CONFIG_BROKEN", `Cannot use the kubeconfig: ${first}`, {
    apiMessage: `invalid configuration: ${all}`,
    details: problems.slice(1),
    hints: ["see what is meant: kubectl config view --minify"],
  });
}

type WhyUnreadable = (file: FileOrData) => string | undefined;

function userProblems({ user, userName }: ChosenParts, whyUnreadable: WhyUnreadable): string[] {
  if (user === undefined) return [];
  const problems: string[] = [];
  const methods = [
    ...(user.token === undefined && user.tokenFile === undefined ? [] : ["token"]),
    ...(user.username === undefined && user.password === undefined ? [] : ["basicAuth"]),
  ];
  if (methods.length > 1) {
    problems.push(
      `more than one authentication method found for ${userName}; found [${methods.join(" ")}], only one is allowed`,
    );
  }
  const { clientCertificate, clientKey } = user;
  if (clientCertificate === undefined) return problems;
  if (clientKey === undefined) {
    problems.push(
      `client-key-data or client-key must be specified for ${userName} to use the clientCert authentication method.`,
    );
  }
  return [
    ...problems,
    ...unreadable("client-cert", clientCertificate, userName, whyUnreadable),
    ...unreadable("client-key", clientKey, userName, whyUnreadable),
  ];
}

function clusterProblems({ clusterName, ca, proxyUrl }: ChosenParts, whyUnreadable: WhyUnreadable): string[] {
  const isUrl = proxyUrl === undefined || URL.canParse(proxyUrl);
  const proxy = isUrl
    ? []
    : [`invalid 'proxy-url' "${proxyUrl}" for cluster "${clusterName}": could not parse: ${proxyUrl}`];
  return [...proxy, ...unreadable("certificate-authority", ca, clusterName, whyUnreadable)];
}

function unreadable(
  what: string,
  file: FileOrData | undefined,
  owner: string,
  whyUnreadable: WhyUnreadable,
): readonly string[] {
  if (file === undefined || file.kind === "data") return [];
  const why = whyUnreadable(file);
  return why === undefined ? [] : [`unable to read ${what} ${file.path} for ${owner} due to open ${file.path}: ${why}`];
}
