/** A scenario file, as `switchyard schema` describes it. */
export type ScenarioFile = { v: number; [field: string]: unknown };

/** Every error of this module. */
export interface SwitchyardError extends Error {
  /** "scenario", "link" or "argument". */
  code: string;
  /** The setting that is to blame, such as `lb.policy`; empty for the whole. */
  path: string;
}

export interface Lab {
  /** `topic/name`; never changes. */
  id: string;
  topic: string;
  title: string;
  summary: string;
  scenario: ScenarioFile;
  /** Markdown. */
  lesson: string;
}

/** What `switchyard run --json` prints for one seed. Durations in ms. */
export interface Report {
  title: string;
  at_ms: number;
  runs: { seed: number; digest: string }[];
  total: { requests: number; lost: number; throughput_per_s: number; [figure: string]: unknown };
  nodes: { [id: string]: { kind: string; calls: number; [figure: string]: unknown } };
  theory: object | null;
}

/** Everything that can be seen at a moment. */
export interface Snapshot {
  /** Nanoseconds of simulated time. */
  now: number;
  [part: string]: unknown;
}

/** Every lab. */
export function labs(): Lab[];

export class Scenario {
  private constructor();
  free(): void;
  /** A scenario that can run, from an object or the text of a file; throws a SwitchyardError. */
  static check(scenario: ScenarioFile | string): Scenario;
  /** The part of an address after `#`. */
  static toLink(scenario: Scenario): string;
  /** From such a part, or a whole address. */
  static fromLink(link: string): Scenario;
  /** With a setting that has another value from the start. */
  with(path: string, value: unknown): Scenario;
  toJSON(): ScenarioFile;
}

export class Simulation {
  free(): void;
  /** A run from its start. The scenario stays usable. */
  constructor(scenario: Scenario, options?: { seed?: number | bigint });
  /** Milliseconds of simulated time so far, and of the whole run. */
  readonly t_ms: number;
  readonly end_ms: number;
  /** Lets so many milliseconds pass; false once the run is over. */
  advance(ms: number): boolean;
  /** One event; false if there is none left. */
  step(): boolean;
  /** To any moment, past or to come. */
  seek(t_ms: number): void;
  reset(): void;
  /** Settings take other values at this moment; noted in the scenario. */
  change(change: { node: string; set: { [setting: string]: unknown } }): void;
  /** With the changes so far. */
  scenario(): Scenario;
  snapshot(): Snapshot;
  report(): Report;
  /** 16 hexadecimal digits: equal for equal runs, here and on the command line. */
  digest(): string;
}
