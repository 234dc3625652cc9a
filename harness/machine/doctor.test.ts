import { describe, expect, test } from "vitest";
import { busiest } from "./busiest.ts";
import { noiseFindings, noiseLines } from "./doctor-noise.ts";
import { type Sources, settingsFindings } from "./doctor-settings.ts";
import { bySeverity, type Finding, finding, unknown } from "./finding.ts";
import { type NoiseFigures, noiseOf } from "./noise.ts";

const CPU = "/sys/devices/system/cpu";
const twoCores = { count: 2, source: "affinity", quotaCpus: null } as const;

/** A machine that tells everything, and on which nothing is amiss. */
const files: Readonly<Record<string, string>> = {
  "/sys/fs/cgroup/cpu.stat": "nr_periods 9\nnr_throttled 0\n",
  "/proc/self/status": "Name:\tnode\nCpus_allowed_list:\t0-1\n",
  "/proc/cpuinfo": "flags\t\t: fpu vme\n",
  "/proc/self/limits": "Max open files            1024                 4096                 files\n",
  [`${CPU}/cpu0/topology/thread_siblings_list`]: "0,4\n",
  [`${CPU}/cpu1/topology/thread_siblings_list`]: "1,5\n",
  [`${CPU}/cpu0/cpufreq/scaling_governor`]: "performance\n",
  [`${CPU}/intel_pstate/no_turbo`]: "1\n",
  "/sys/class/power_supply/BAT0/type": "Battery\n",
  "/sys/class/power_supply/BAT0/status": "Full\n",
};

function sourcesOf(changed: Readonly<Record<string, string>> = {}, more: Partial<Sources> = {}): Sources {
  const all: Readonly<Record<string, string>> = { ...files, ...changed };
  return {
    read: (path) => all[path] ?? null,
    list: () => ["BAT0"],
    availableBytes: 8e9,
    loadAverage1m: 0.1,
    nodeOptions: "",
    ...more,
  };
}

const found = (
  name: string,
  sources: Sources,
  cores: Parameters<typeof settingsFindings>[0] = twoCores,
): Finding => {
  const one = settingsFindings(cores, sources).find((finding) => finding.name === name);
  if (one === undefined) throw new Error(`nothing is said of ${name}`);
  return one;
};

describe("the settings", () => {
  test("of a machine that is as it should be are good, every one", () => {
    const findings = settingsFindings(twoCores, sourcesOf());
    expect(findings.filter(({ verdict }) => verdict !== "good")).toEqual([]);
    expect(findings.map(({ remedy }) => remedy).join("")).toBe("");
  });

  test.each<[string, Record<string, string>, Partial<Sources>, string, RegExp]>([
    ["throttled so far", { "/sys/fs/cgroup/cpu.stat": "nr_throttled 3\n" }, {}, "fair", /^3 periods$/],
    ["load average, 1 m", {}, { loadAverage1m: 1.5 }, "fair", /^1\.50$/],
    [
      "CPUs that share a core",
      {
        [`${CPU}/cpu0/topology/thread_siblings_list`]: "0-1\n",
        [`${CPU}/cpu1/topology/thread_siblings_list`]: "0-1\n",
      },
      {},
      "fair",
      /^2 of 2$/,
    ],
    ["virtual machine", { "/proc/cpuinfo": "flags\t\t: fpu hypervisor vme\n" }, {}, "fair", /^yes$/],
    ["CPU governor", { [`${CPU}/cpu0/cpufreq/scaling_governor`]: "powersave\n" }, {}, "fair", /^powersave$/],
    ["turbo", { [`${CPU}/intel_pstate/no_turbo`]: "0\n" }, {}, "fair", /^on$/],
    ["power", { "/sys/class/power_supply/BAT0/status": "Discharging\n" }, {}, "fair", /battery/],
    ["memory", {}, { availableBytes: 1e9 }, "fair", /^1\.0 GB/],
    ["memory", {}, { availableBytes: 1e8 }, "bad", /^0\.1 GB/],
    ["open files", { "/proc/self/limits": "Max open files            64   64   files\n" }, {}, "bad", /^64$/],
    ["Node options", {}, { nodeOptions: "--inspect" }, "fair", /^--inspect$/],
  ])("%s: %j %j is %s", (name, changed, more, verdict, value) => {
    const one = found(name, sourcesOf(changed, more));
    expect(one).toMatchObject({ verdict, value: expect.stringMatching(value) });
    expect(one.remedy).not.toBe("");
  });

  test("a CPU that shares its core with one that isoload may not use is a core of its own", () => {
    const alone = { "/proc/self/status": "Cpus_allowed_list:\t1\n" };
    expect(found("CPUs that share a core", sourcesOf(alone))).toMatchObject({
      verdict: "good",
      value: "0 of 1",
    });
  });

  test("turbo can be switched off in another place", () => {
    const read = (boost: string) => (path: string) => (path === `${CPU}/cpufreq/boost` ? boost : null);
    expect(found("turbo", sourcesOf({}, { read: read("0\n") })).verdict).toBe("good");
    expect(found("turbo", sourcesOf({}, { read: read("1\n") })).remedy).toContain("cpufreq/boost");
  });

  test("a quota that is no whole number of CPUs is bad", () => {
    const cores = { count: 2, source: "cgroup quota", quotaCpus: 1.5 } as const;
    expect(found("cgroup quota", sourcesOf(), cores).verdict).toBe("bad");
    expect(found("cgroup quota", sourcesOf(), { ...cores, quotaCpus: 2 }).verdict).toBe("fair");
  });

  test("that a machine does not tell are unknown, not good", () => {
    const findings = settingsFindings(twoCores, sourcesOf({}, { read: () => null, list: () => null }));
    expect(findings.filter(({ verdict }) => verdict === "unknown").map(({ name }) => name)).toEqual([
      "throttled so far",
      "CPUs that share a core",
      "virtual machine",
      "CPU governor",
      "turbo",
      "power",
      "open files",
    ]);
  });
});

const figures: NoiseFigures = {
  observedNs: 2e9,
  foreignCores: 1.9,
  stolenCores: null,
  throttledNs: 0,
  longestGapNs: 30e6,
  tickCount: 1999,
  tickLatenessNsP99: 0.1e6,
  tickLatenessNsMax: 2e6,
  pairCount: 100,
  runNs: 10e6,
  pairSpreadShare: 0.02,
};

test("noise is shown with its n, and who makes it", () => {
  const busy = [{ pid: 7, name: "cc1", cores: 0.98 }];
  const shown = noiseFindings(figures, busy).map(
    ({ verdict, name, value }) => `${verdict} ${name}: ${value}`,
  );
  expect(shown).toEqual([
    "bad foreign CPU: 1.90 cores over 2.0 s: cc1 (process 7) 0.98",
    "unknown steal: not readable",
    "good throttling: 0.00 ms over 2.0 s",
    "bad gaps: longest 30 ms over 2.0 s",
    "good timer lateness, p99: 0.10 ms (n = 1999, 1 kHz)",
    "good timer lateness, worst: 2.00 ms (n = 1999, 1 kHz)",
    "fair equal runs: differ by 2.0 % (sd by p10 to p90, n = 100 pairs of 10 ms): 10 rounds show 1.8 %",
  ]);
});

test("a class is told with what it lets one see", () => {
  const lines = (pairSpreadShare: number): string[] => noiseLines(noiseOf({ ...figures, pairSpreadShare }));
  expect(lines(0.005)).toEqual([
    "noise class: noisy (trials would be refused, or their differences drown)",
    "smallest difference in the time of CPU work that paired rounds show: 0.44 % in 10 rounds, 0.31 % in 20 rounds; of waits it takes more",
  ]);
  expect(lines(2)[1]).toContain("488 % in 10 rounds");
});

test("the busiest processes come first, without isoload's own and without the idle", () => {
  const times = (...cpuS: readonly number[]) =>
    new Map(cpuS.map((s, pid) => [pid, { name: `p${pid}`, cpuNs: s * 1e9 }]));
  const reading = { before: times(5, 5, 5, 5), after: times(5.1, 6, 7, 9, 0.4), observedNs: 2e9 };
  expect(busiest(reading, [3])).toEqual([
    { pid: 2, name: "p2", cores: 1 },
    { pid: 1, name: "p1", cores: 0.5 },
    // It was started in between.
    { pid: 4, name: "p4", cores: 0.2 },
  ]);
});

test("the worst comes first, and what is unknown before what is good", () => {
  const findings = [
    finding("a", "1"),
    unknown("b"),
    finding("c", "2", { verdict: "fair", remedy: "x" }),
    finding("d", "3", { verdict: "bad", remedy: "x" }),
    finding("e", "4", { verdict: "fair", remedy: "x" }),
  ];
  expect(bySeverity(findings).map(({ name }) => name)).toEqual(["d", "c", "e", "b", "a"]);
});
