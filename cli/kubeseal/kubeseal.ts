import {
  checkedTime,
  type ObtainedCertificate,
  obtainedCertificate,
  obtainPem,
} from "../certificates/sealing-certificates.ts";
import type { CommandRunner } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { nearestWord } from "../nearest.ts";
import { warn, write } from "../output.ts";
import type { FlagProblem } from "../pflag.ts";
import { type Context, openContext } from "./context.ts";
import { KubesealError } from "./errors.ts";
import { KUBESEAL_FLAGS } from "./flags.ts";
import { type KubesealOptions, readOptions } from "./options.ts";
import { flagList } from "./usage.ts";
import { inKubesealWords } from "./words.ts";

/** The personality of kubeseal 0.40: its flags, outputs, messages and exit codes. */
export const kubesealCommand: CommandRunner = {
  run: async (args, io) => {
    const read = readOptions(args, io);
    if (!read.ok) return await usage(read.problem, io);
    const { options } = read;
    if (options.usedRotate) {
      await write(io.stdout, "Flag --rotate has been deprecated, please use --re-encrypt instead\n");
    }
    if (options.version) {
      await write(io.stdout, "kubeseal version: 0.40.0 (sealkit)\n");
      return EXIT.ok;
    }
    if (options.help) {
      await write(io.stdout, `Usage of ${io.argv0}:\n${flagList()}`);
      return EXIT.ok;
    }
    try {
      await runMode(options, io);
      return EXIT.ok;
    } catch (error) {
      throw inKubesealWords(error);
    }
  },
  complete: (words) => {
    const typed = words.at(-1) ?? "";
    const before = words.at(-2);
    const choices = before === "--scope" ? SCOPES : before === "-o" || before === "--format" ? FORMATS : undefined;
    if (choices !== undefined) return choices.filter((choice) => choice.startsWith(typed));
    if (!typed.startsWith("-")) return [];
    const names = KUBESEAL_FLAGS.filter(({ hidden, logging }) => !hidden && !logging).map(({ name }) => `--${name}`);
    return names.filter((name) => name.startsWith(typed));
  },
};

const SCOPES = ["strict", "namespace-wide", "cluster-wide"];
const FORMATS = ["json", "yaml"];

/** Go's flag library: the list on stdout, the heading on stderr; asking for help is no mistake. */
async function usage(problem: FlagProblem, io: Io): Promise<number> {
  await write(io.stderr, `Usage of ${io.argv0}:\n`);
  if (problem.kind === "unknown" && problem.word.startsWith("--")) {
    const names = KUBESEAL_FLAGS.map(({ name }) => `--${name}`);
    const nearest = nearestWord(problem.word, names);
    if (nearest !== undefined) await write(io.stderr, `hint: did you mean: ${nearest}\n`);
  }
  const isHelp = problem.kind === "help";
  await write(io.stdout, isHelp ? flagList() : `${flagList()}${problem.message}\n`);
  return isHelp ? EXIT.ok : EXIT.usage;
}

/** The order of the original: of several modes the first one here is meant. */
async function runMode(options: KubesealOptions, io: Io): Promise<void> {
  if (options.fromFile.length > 0 && !options.raw) {
    throw new KubesealError("KUBESEAL_BAD_OPTION", "--from-file requires --raw");
  }
  // The original says it to people only.
  if (io.stderr.isTTY === true && options.recoveryPrivateKey.length > 0 && !options.recoveryUnseal) {
    await write(
      io.stderr,
      "warning: ignoring --recovery-private-key because unseal command not chosen with --recovery-unseal\n",
    );
  }
  const context = await openContext(options, io);
  await hintAtTerminal(options, io);
  if (options.recoveryUnseal) await (await import("./recover.ts")).recoverMode(context);
  else if (options.validate) await (await import("./ask-controller.ts")).validateMode(context);
  else if (options.reEncrypt) await (await import("./ask-controller.ts")).reEncryptMode(context);
  else await useCertificate(context);
  await context.finish();
}

async function useCertificate(context: Context): Promise<void> {
  const { options, io } = context;
  const { certs, certFingerprints: fingerprints, certMaxAgeMs: maxAgeMs, fetchCert: refresh } = options;
  const cache = { maxAgeMs, refresh, fingerprints, verbose: options.verbosity > 0 };
  const certificates: ObtainedCertificate[] = [];
  for (const cert of certs) {
    const pem = await obtainPem(cert, { ...options, ...cache }, io);
    if (options.fetchCert) {
      if (fingerprints.length > 0) obtainedCertificate(pem, cert, fingerprints);
      await context.print(new TextDecoder().decode(pem));
      continue;
    }
    const obtained = checkedTime(obtainedCertificate(pem, cert, fingerprints), io.now());
    await hintAtAge(obtained, io);
    certificates.push(obtained);
  }
  if (options.fetchCert) return;
  if (options.mergeInto !== "") await (await import("./merge.ts")).mergeMode(context, certificates);
  else if (options.raw) await (await import("./raw.ts")).rawMode(context, certificates);
  else await (await import("./seal.ts")).sealMode(context, certificates);
}

const SOON_MS = 30 * 24 * 60 * 60 * 1000;

/** The original never warns before a certificate is out of date. */
async function hintAtAge({ certificate, place }: ObtainedCertificate, io: Io): Promise<void> {
  const leftMs = certificate.notAfter - io.now();
  if (leftMs < 0 || leftMs > SOON_MS) return;
  const days = Math.floor(leftMs / (24 * 60 * 60 * 1000));
  await warn(
    io,
    `the certificate ${place} expires in ${days} days; fetch the newest one: sealkit kubeseal --fetch-cert`,
  );
}

async function hintAtTerminal(options: KubesealOptions, io: Io): Promise<void> {
  if (io.stdin.isTTY !== true || options.secretFile !== "" || options.fetchCert) return;
  if (options.raw && options.fromFile.length > 0) return;
  const what = options.raw ? "a secret to encrypt" : "json/yaml k8s resource";
  await write(io.stderr, `(tty detected: expecting ${what} in stdin)\n`);
}
