import { X509Certificate } from "node:crypto";
import type { SealingCertificate } from "../../src/x509/index.ts";
import { printJson } from "../../src/yaml/index.ts";
import { certificateFlags, certificateWishes, inOwnWords } from "../certificates/own-flags.ts";
import { type ObtainedCertificate, obtainedCertificate, obtainPem } from "../certificates/sealing-certificates.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, shortAge, table, warn, write } from "../output.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Controllers make a new key every 30 days unless they are told otherwise. */
const RENEWAL_MS = 30 * DAY_MS;

export const certCommand = defineCommand({
  name: "cert",
  summary: "Fetch the certificate that Secrets are sealed with, or look at one",
  positionals: { usage: "[FILE|URL]", max: 1 },
  examples: [
    { what: "That of the controller, to seal without the cluster later", command: "sealkit cert > cert.pem" },
    { what: "What is in a file", command: "sealkit cert cert.pem -o table" },
    { what: "In CI: fails 60 days before it expires", command: "sealkit cert cert.pem --check --expires-within 60d" },
  ],
  description:
    "Prints the certificate as it came, and on stderr which key it is of and how long it is valid. Compare that fingerprint\n" +
    "with the one that whoever runs the cluster reads: sealkit keys list. --cert-fingerprint does it for you.\n" +
    "Exit status with --check: 0 valid for longer than --expires-within, 1 expired or about to.",
  flags: {
    format: flag.choice(["pem", "table", "json"], { short: "o", default: "pem", help: "Form of the result" }),
    output: flag.text({ short: "w", placeholder: "FILE", help: "Write to this file, in one step, instead of stdout" }),
    check: flag.toggle({ help: "Print nothing but what is wrong, and fail when it expires soon" }),
    expiresWithin: flag.duration({ default: "30d", placeholder: "DURATION", help: "What counts as soon" }),
    refresh: flag.toggle({ help: "Ask the controller, also when the cache holds a certificate" }),
    ...certificateFlags,
  },
  async run({ flags, args, io }) {
    const [source = ""] = args;
    const wishes = { ...certificateWishes([], flags, io), refresh: flags.refresh };
    const pem = await inOwnWords(() => obtainPem(source, wishes, io));
    const obtained = obtainedCertificate(pem, source, flags.certFingerprint);
    const state = stateOf(obtained.certificate, { now: io.now(), soonMs: flags.expiresWithin });
    if (flags.check) {
      if (state.kind === "valid") return EXIT.ok;
      await note(io, `The certificate ${obtained.place} ${state.text}: sealkit cert > cert.pem fetches the newest`);
      return EXIT.failed;
    }
    const text = flags.format === "pem" ? pem : shown(obtained, flags.format, io);
    if (flags.output === undefined) await write(io.stdout, text);
    else await replaceFile(io, flags.output, text);
    if (flags.format === "pem") await tell(obtained, state, io);
    await warnOfAge(obtained.certificate, { state, isFile: source !== "", io });
    return EXIT.ok;
  },
});

interface State {
  readonly kind: "valid" | "expiring" | "expired" | "future";
  /** For people, behind "The certificate". */
  readonly text: string;
}

function stateOf({ notBefore, notAfter }: SealingCertificate, { now, soonMs }: { now: number; soonMs: number }): State {
  const day = new Date(notAfter).toISOString().slice(0, 10);
  if (now > notAfter) return { kind: "expired", text: `expired on ${day}` };
  if (now < notBefore)
    return { kind: "future", text: `is valid from ${new Date(notBefore).toISOString().slice(0, 10)} on` };
  const left = Math.floor((notAfter - now) / DAY_MS);
  const text = `is valid until ${day}, ${left} days from now`;
  return notAfter - now <= soonMs ? { kind: "expiring", text } : { kind: "valid", text };
}

async function tell({ certificate, place }: ObtainedCertificate, { text }: State, io: Io): Promise<void> {
  await note(io, `Key ${certificate.fingerprint} (${certificate.bits} bits) ${place}: ${text}`);
}

async function warnOfAge(
  { notBefore }: SealingCertificate,
  { state, isFile, io }: { readonly state: State; readonly isFile: boolean; readonly io: Io },
): Promise<void> {
  if (state.kind !== "valid") await warn(io, `the certificate ${state.text}`);
  const age = io.now() - notBefore;
  if (!isFile || age <= RENEWAL_MS) return;
  await note(io, `It was made ${shortAge(age)} ago; the controller may have renewed its key since: sealkit cert`);
}

function shown(obtained: ObtainedCertificate, format: "table" | "json", io: Io): string {
  const { certificate, place } = obtained;
  const { fingerprint, bits, notBefore, notAfter, der } = certificate;
  const { kind, text } = stateOf(certificate, { now: io.now(), soonMs: RENEWAL_MS });
  const names = namesOf(der);
  const times = { notBefore: timeText(notBefore), notAfter: timeText(notAfter) };
  if (format === "json") {
    const entry = {
      fingerprint,
      bits,
      ...names,
      ...times,
      state: kind,
      daysLeft: Math.floor((notAfter - io.now()) / DAY_MS),
      source: place,
    };
    return `${printJson(entry, { indent: "  ", escapeHtml: false })}\n`;
  }
  return table(
    ["KEY", fingerprint],
    [
      ["BITS", String(bits)],
      ["SUBJECT", names.subject === "" ? "(none)" : names.subject],
      ["SERIAL", names.serial],
      ["VALID FROM", times.notBefore],
      ["VALID UNTIL", times.notAfter],
      ["STATE", text],
      ["SOURCE", place],
    ],
  );
}

/** Sealing needs none of these, so that a certificate which only we can read has none to show. */
function namesOf(der: Uint8Array): { readonly subject: string; readonly serial: string } {
  try {
    const { subject, serialNumber } = new X509Certificate(der);
    return { subject: (subject ?? "").split("\n").join(", "), serial: serialNumber };
  } catch {
    return { subject: "", serial: "" };
  }
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
