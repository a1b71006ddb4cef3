// Sealing many Secrets: one call of ours against one call of kubeseal for each, and against one call of kubeseal for all.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificate, secrets } from "./material.mjs";
import { compare, inTurn, peer, sealkit, timed } from "./measure.mjs";

export async function run(folder, { count = 1000, calls = 50, rounds = 5 } = {}) {
  const cert = await certificate(folder);
  const all = join(folder, "all.json");
  const one = join(folder, "one.json");
  const out = join(folder, "sealed.json");
  writeFileSync(all, secrets(count));
  writeFileSync(one, secrets(1));
  const theirs = [peer("kubeseal"), "--cert", cert.file];
  const times = await inTurn(rounds, {
    ours: () => timed([...sealkit, "kubeseal", "--cert", cert.file], { input: all, output: out }),
    theirs: () => timed(theirs, { input: all, output: out }),
    calls: async () => {
      let ms = 0;
      for (let at = 0; at < calls; at++) ms += await timed(theirs, { input: one, output: out });
      return ms;
    },
  });
  const what = `seal: ${count} Secrets in one call`;
  return [
    compare(what, times.ours, times.calls, {
      rival: `${count} calls of kubeseal`,
      limit: 0.05,
      times: count / calls,
      note: `the rival's time is that of ${calls} calls, times ${count / calls}`,
    }),
    compare(what, times.ours, times.theirs, { rival: "one call of kubeseal" }),
  ];
}
