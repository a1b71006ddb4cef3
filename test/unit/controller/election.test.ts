import { afterEach, describe, expect, test } from "vitest";
import { runElection } from "../../../controller/election.ts";
import { silentLog } from "../../../controller/log.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

function candidate(identity: string, cluster: ReturnType<typeof memoryCluster>, clock: ReturnType<typeof fakeClock>) {
  const stop = new AbortController();
  stops.push(stop);
  const state = { leads: undefined as boolean | undefined, ended: undefined as string | undefined };
  const election = runElection(
    { client: cluster, clock, log: silentLog, namespace: "ns", name: "lease", identity },
    stop.signal,
  );
  void election.elected.then((leads) => {
    state.leads = leads;
  });
  void election.ended.then((how) => {
    state.ended = how;
  });
  return { state, stop };
}
const holder = (cluster: ReturnType<typeof memoryCluster>) =>
  (cluster.object("leases", "ns/lease")?.["spec"] as { holderIdentity?: string } | undefined)?.holderIdentity;

describe("runElection()", () => {
  test("one of two leads; the other takes over when the first gives back", async () => {
    const [cluster, clock] = [memoryCluster(), fakeClock()];
    const one = candidate("one", cluster, clock);
    const two = candidate("two", cluster, clock);
    await clock.advance(120_000);
    expect([one.state.leads, two.state.leads, holder(cluster)]).toEqual([true, undefined, "one"]);
    one.stop.abort();
    await clock.advance(1_200);
    expect([one.state.ended, two.state.leads, holder(cluster)]).toEqual(["stopped", true, "two"]);
    expect(cluster.object("leases", "ns/lease")).toMatchObject({
      spec: { leaseDurationSeconds: 35, leaseTransitions: 1 },
    });
  });

  test("a leader that dies is replaced after its lease, not before", async () => {
    const [cluster, clock] = [memoryCluster(), fakeClock()];
    cluster.put(
      { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", namespaced: true },
      {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { namespace: "ns", name: "lease" },
        spec: { holderIdentity: "dead", leaseDurationSeconds: 20, renewTime: "1999-01-01T00:00:00.000000Z" },
      },
    );
    const one = candidate("one", cluster, clock);
    await clock.advance(19_000);
    expect(one.state.leads).toBeUndefined();
    await clock.advance(10_000);
    expect(one.state.leads).toBe(true);
  });

  test.each([-2, 2])(
    "a clock set by %i days neither takes a lead from somebody nor leaves it to the dead",
    async (days) => {
      const [cluster, clock, theirs] = [memoryCluster(), fakeClock(), fakeClock()];
      const one = candidate("one", cluster, theirs);
      await theirs.advance(1_000);
      const two = candidate("two", cluster, clock);
      const both = async (ms: number) => {
        for (let passed = 0; passed < ms; passed += 500) {
          await theirs.advance(500);
          await clock.advance(500);
        }
      };
      await both(10_000);
      clock.jump(days * 24 * 3_600_000);
      await both(60_000);
      expect([one.state.leads, two.state.leads, one.state.ended]).toEqual([true, undefined, undefined]);
      // The first dies: its clock stands still.
      await clock.advance(45_000);
      expect(two.state.leads).toBe(true);
    },
  );

  test("a leader whose clock is set back while the API is gone stops in time", async () => {
    const [cluster, clock] = [memoryCluster(), fakeClock()];
    const one = candidate("one", cluster, clock);
    await clock.advance(1_000);
    expect(one.state.leads).toBe(true);
    cluster.failures.set("get leases", () => new Error("gone"));
    clock.jump(-24 * 3_600_000);
    await clock.advance(45_000);
    expect(one.state.ended).toBe("lost");
  });

  test("the lead is lost when it cannot be renewed in time", async () => {
    const [cluster, clock] = [memoryCluster(), fakeClock()];
    const one = candidate("one", cluster, clock);
    await clock.advance(1_000);
    expect(one.state.leads).toBe(true);
    cluster.failures.set("update leases", () => new Error("down"));
    await clock.advance(25_000);
    expect(one.state.ended).toBeUndefined();
    await clock.advance(15_000);
    expect(one.state.ended).toBe("lost");
  });

  test("the lead is lost at once when another's name is in the lease", async () => {
    const [cluster, clock] = [memoryCluster(), fakeClock()];
    const one = candidate("one", cluster, clock);
    await clock.advance(1_000);
    const lease = cluster.object("leases", "ns/lease")!;
    cluster.put(
      { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", namespaced: true },
      { ...lease, spec: { ...(lease["spec"] as object), holderIdentity: "other", renewTime: "x" } },
    );
    await clock.advance(6_000);
    expect(one.state.ended).toBe("lost");
  });

  test("who stops before being elected never leads", async () => {
    const [cluster, clock] = [memoryCluster(), fakeClock()];
    cluster.failures.set("get leases", () => new Error("down"));
    const one = candidate("one", cluster, clock);
    await clock.advance(30_000);
    one.stop.abort();
    await clock.advance(0);
    expect([one.state.leads, one.state.ended]).toEqual([false, "stopped"]);
  });
});
