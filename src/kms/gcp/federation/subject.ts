import type { Refusal } from "../../http/refusal.ts";
import type { Fetch, KmsPorts } from "../../ports.ts";
import { awsSubject } from "./aws.ts";
import { certificateSubject } from "./certificate.ts";
import type { ExternalAccount } from "./external-account.ts";
import { programSubject } from "./program.ts";
import { fileSubject, urlSubject } from "./token-places.ts";

/** What is exchanged for a token of Google, and over which connection where that is part of the proof. */
export interface Subject {
  readonly kind: "subject";
  readonly token: string;
  readonly fetch?: Fetch | undefined;
}

/** Gets the token of the other provider, anew for every exchange: it may be replaced at any time. */
export async function subjectOf(ports: KmsPorts, account: ExternalAccount): Promise<Subject | Refusal> {
  const source = account.subject;
  switch (source.kind) {
    case "file":
      return asSubject(await fileSubject(ports, source));
    case "url":
      return asSubject(await urlSubject(ports, source));
    case "aws":
      return asSubject(await awsSubject(ports, source, account.audience));
    case "program":
      return asSubject(await programSubject(ports, source, account));
    case "certificate": {
      const proof = await certificateSubject(ports, source);
      if ("code" in proof) return proof;
      const { token, certificate, key } = proof;
      return { kind: "subject", token, fetch: ports.fetchWith({ clientCertificate: certificate, clientKey: key }) };
    }
  }
}

function asSubject(token: string | Refusal): Subject | Refusal {
  return typeof token === "string" ? { kind: "subject", token } : token;
}
