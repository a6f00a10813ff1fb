import { Inject, Injectable, type Type } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, ModuleRef } from '@nestjs/core';
import { WiringError, type WiringMistake } from '../errors/wiring.error.js';
import { BARRIER_PROVIDER, type BarrierProvider } from '../barrier/barrier.provider.js';
import { readClassRoles, type ClassRoles } from './class-roles.js';
import { checkGlobalTransactions } from './global-options.check.js';
import { participantOf, type ParticipantMark } from './metadata.js';
import type { BranchIdentity, Participant, ParticipantTry } from './participant.js';
import { ParticipantRegistry } from './participant.registry.js';
import { buildDefinition } from './definition.builder.js';
import type { ParticipantDefinition } from './participant-definition.js';
import { hostOf, isSecondName, isStatic, prototypeOf, type Wrapper } from './provider-wrapper.js';
import { buildTries, type TryDraft } from './tries.builder.js';

/** A class under `@Participant()` that is sound in itself. */
interface Candidate {
  readonly mark: ParticipantMark;
  readonly className: string;
  /** Undefined for a participant without decorators. */
  readonly prototype?: object;
  readonly tries: readonly TryDraft[];
  readonly locate: Participant['locate'];
  /** Module that provides it. */
  readonly host: string;
}

/** Finds the participants among the application's providers and controllers, and every mistake in how they are wired. */
@Injectable()
export class ParticipantExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly moduleRef: ModuleRef,
    private readonly registry: ParticipantRegistry,
    @Inject(BARRIER_PROVIDER) private readonly barriers: BarrierProvider,
  ) {}

  /**
   * @param definitions participants without decorators
   * @throws WiringError listing all mistakes
   */
  explore(definitions: readonly ParticipantDefinition[]): void {
    const { candidates, mistakes } = this.decorated();
    mistakes.push(...this.severalModules());
    for (const definition of definitions) {
      const built = buildDefinition(definition);
      mistakes.push(...built.mistakes);
      const { name, options } = definition;
      candidates.push({
        mark: { name, options },
        className: `participant ${name}`,
        tries: built.tries,
        locate: () => built.methods,
        host: 'tcc.register()',
      });
    }
    mistakes.push(...duplicates(candidates));
    for (const candidate of candidates) mistakes.push(...this.register(candidate));
    if (mistakes.length > 0) throw new WiringError(mistakes);
  }

  private decorated(): { candidates: Candidate[]; mistakes: WiringMistake[] } {
    const mistakes: WiringMistake[] = [];
    const candidates: Candidate[] = [];
    const judged = new Set<object>();
    const instances = new Set<object>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const prototype = prototypeOf(wrapper);
      if (!prototype || isSecondName(wrapper, instances)) continue;
      const found = readClassRoles(prototype);
      const mark = participantOf(prototype.constructor);
      if (found.roles.size === 0 && found.mistakes.length === 0 && !mark) continue;
      const built = mark ? buildTries(mark, found) : undefined;
      if (mark && built) {
        candidates.push({
          mark,
          className: found.className,
          prototype,
          tries: built.tries,
          locate: this.locator(wrapper),
          host: hostOf(wrapper),
        });
      }
      // a class that two modules provide is judged once
      if (judged.has(prototype)) continue;
      judged.add(prototype);
      mistakes.push(...found.mistakes, ...checkGlobalTransactions(found), ...(built?.mistakes ?? homeless(found)));
    }
    return { candidates, mistakes };
  }

  /** Two runtimes would both drive every participant, and which one a decorator meets would be chance. */
  private severalModules(): WiringMistake[] {
    const modules = this.discovery.getProviders().filter(({ metatype }) => metatype === ParticipantExplorer);
    if (modules.length === 1) return [];
    const problem = `it is imported with options ${modules.length} times`;
    return [{ class: 'TccModule', problem, remedy: 'Call forRoot() or forRootAsync() once, in the root module' }];
  }

  private register(candidate: Candidate): WiringMistake[] {
    const { mark, className } = candidate;
    const { dataSource: wanted } = mark.options;
    const source = wanted === false ? undefined : this.barriers.find(wanted);
    const which = wanted === undefined ? 'the default DataSource' : `the DataSource '${String(wanted)}'`;
    if (source === 'missing') {
      return [
        {
          class: className,
          problem: `it wants ${which}, and there is none`,
          remedy: 'Import TypeOrmModule.forRoot() for it, or say dataSource: false',
        },
      ];
    }
    if (source === 'no postgres') {
      return [
        {
          class: className,
          problem: `${which} is no PostgreSQL database, which the barrier needs`,
          remedy: 'Say dataSource: false and state a timeLimit for each try',
        },
      ];
    }
    const tries = new Map<string, ParticipantTry>();
    const participant: Participant = {
      name: mark.name,
      className,
      dataSource: source?.dataSource,
      barrier: source?.barrier,
      effects: mark.options.effects,
      tries,
      locate: candidate.locate,
    };
    for (const draft of candidate.tries) tries.set(draft.name, { ...draft, participant });
    this.registry.add(participant, candidate.prototype);
    return [];
  }

  private locator(wrapper: Wrapper): (branch: BranchIdentity) => object | Promise<object> {
    if (isStatic(wrapper)) return () => wrapper.instance as object;
    // In its own module: another one may have something else under the same token.
    const home = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance ?? this.moduleRef;
    return (branch) => {
      const contextId = ContextIdFactory.create();
      this.moduleRef.registerRequestByContextId(branch, contextId);
      return home.resolve<object>(wrapper.token as Type<object>, contextId, { strict: true });
    };
  }
}

const homeless = ({ className, roles }: ClassRoles): WiringMistake[] =>
  [...roles]
    .filter(([, { role }]) => role !== 'global')
    .slice(0, 1)
    .map(([method]) => ({
      class: className,
      method: String(method),
      problem: 'it is decorated as part of a participant, and its class is none',
      remedy: "Put @Participant('a-stable-name') on the class",
    }));

function duplicates(candidates: readonly Candidate[]): WiringMistake[] {
  const first = new Map<string, Candidate>();
  const mistakes: WiringMistake[] = [];
  for (const candidate of candidates) {
    const other = first.get(candidate.mark.name);
    if (!other) first.set(candidate.mark.name, candidate);
    else if (other.prototype && other.prototype === candidate.prototype) {
      mistakes.push({
        class: candidate.className,
        problem: `it is provided twice (in ${other.host} and ${candidate.host})`,
        remedy: 'Provide it in one module and export it from there',
      });
    } else {
      mistakes.push({
        class: candidate.className,
        problem: `its participant name '${candidate.mark.name}' is that of ${other.className} too`,
        remedy: 'Give each its own: the ledger stores it',
      });
    }
  }
  return mistakes;
}
