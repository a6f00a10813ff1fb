import { createHash } from 'node:crypto';
import { conflict, type Footprint, type Violation, type World } from './world.js';

/** What an exploration saw. */
export interface Exploration {
  /** Distinct ones. */
  readonly states: number;
  readonly transitions: number;
  /** Executions from the start. */
  readonly runs: number;
  /** Distinct states at which nothing has to happen any more; each was judged. */
  readonly ends: number;
  readonly durationMs: number;
  /** Every path was followed to its end. */
  readonly complete: boolean;
  readonly found: FoundViolation | undefined;
}

/** The first violation and how to get there. */
export interface FoundViolation extends Violation {
  readonly trace: readonly string[];
  /** What else was found broken at that moment. */
  readonly all: readonly Violation[];
  /** By the judgement of the end, not on the way. */
  readonly atEnd: boolean;
}

/** Events that would only repeat, in another order, what a sibling branch of the search covers. */
type Asleep = ReadonlyMap<string, Footprint>;

/** A state on the current path. */
interface Frame {
  readonly todo: readonly string[];
  index: number;
  readonly asleep: Asleep;
  readonly tried: Map<string, Footprint>;
}

const NOTHING_ASLEEP: Asleep = new Map();

/**
 * Depth first over every choice of the next event, by running again from the start (as CHESS and loom do).
 *
 * A state that was seen is not entered again, and sleep sets (Godefroid, "Partial-Order Methods", 1996, §5) leave out
 * orders of independent events that lead to the same state. Where the two meet, what was asleep at the first visit of a
 * state is remembered, and followed when it is awake at a later one.
 */
export async function explore(fresh: () => Promise<World>, limitMs = Infinity): Promise<Exploration> {
  const search = new Search(fresh, realNow());
  return search.run(limitMs);
}

class Search {
  private readonly skippedAt = new Map<string, readonly string[]>();
  private readonly path: Frame[] = [];
  private readonly count = { states: 0, transitions: 0, runs: 0, ends: 0 };
  private found: FoundViolation | undefined;

  constructor(
    private readonly fresh: () => Promise<World>,
    private readonly startedAt: number,
  ) {}

  async run(limitMs: number): Promise<Exploration> {
    let complete = true;
    do {
      if (realNow() - this.startedAt > limitMs) {
        complete = false;
        break;
      }
      await this.descend();
    } while (this.found === undefined && this.backtrack());
    return { ...this.count, durationMs: realNow() - this.startedAt, complete, found: this.found };
  }

  /** One execution: along the path, then on to an end or to a state that was seen. */
  private async descend(): Promise<void> {
    this.count.runs++;
    const world = await this.fresh();
    let asleep = NOTHING_ASLEEP;
    for (const frame of this.path) asleep = await this.step(world, frame, frame === this.path.at(-1));
    for (;;) {
      if (this.blame(world, false)) return;
      const frame = await this.enter(world, asleep);
      if (frame === undefined) return;
      asleep = await this.step(world, frame, true);
    }
  }

  private async step(world: World, frame: Frame, isNew: boolean): Promise<Asleep> {
    const label = frame.todo[frame.index]!;
    const footprint = await world.perform(label, !isNew);
    if (!isNew) return NOTHING_ASLEEP;
    this.count.transitions++;
    const asleep = new Map<string, Footprint>();
    for (const [other, theirs] of [...frame.asleep, ...frame.tried]) {
      if (other !== label && !conflict(footprint, theirs)) asleep.set(other, theirs);
    }
    frame.tried.set(label, footprint);
    return asleep;
  }

  /** @returns undefined when there is nothing to do from here in this execution */
  private async enter(world: World, asleep: Asleep): Promise<Frame | undefined> {
    const key = createHash('md5').update(world.digest()).digest('base64');
    const skipped = this.skippedAt.get(key);
    const candidates = skipped ?? world.enabled();
    const todo = candidates.filter((label) => !asleep.has(label));
    if (skipped === undefined || todo.length > 0)
      this.skippedAt.set(
        key,
        candidates.filter((label) => asleep.has(label)),
      );
    const frame = { todo, index: 0, asleep, tried: new Map() };
    if (skipped === undefined) {
      this.count.states++;
      if (world.isEnd) {
        this.count.ends++;
        await world.finish();
        // what else may happen at an end is for later executions
        this.path.push({ ...frame, index: -1 });
        this.blame(world, true);
        return undefined;
      }
    }
    if (todo.length === 0) return undefined;
    this.path.push(frame);
    return frame;
  }

  private backtrack(): boolean {
    for (let frame = this.path.at(-1); frame !== undefined; frame = this.path.at(-1)) {
      frame.index++;
      if (frame.index < frame.todo.length) return true;
      this.path.pop();
    }
    return false;
  }

  private blame(world: World, atEnd: boolean): boolean {
    const [first] = world.violations;
    if (first === undefined) return false;
    const trace = this.path.filter(({ index }) => index >= 0).map(({ todo, index }) => todo[index]!);
    this.found = { ...first, all: world.violations, trace, atEnd };
    return true;
  }
}

/** The world replaces the clock while it runs. */
const realNow = performance.now.bind(performance);
