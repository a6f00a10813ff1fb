import { writeSync } from 'node:fs';
import { ConfigurationError, FAULT_POINTS, type FaultHook, type FaultPoint, type FaultSubject } from 'nestjs-tcc';
import { type FaultAction, faultHook, FaultPlan, type FaultRule } from './fault-plan.js';

const RULE = /^([a-z.-]+)(?:@([1-9]\d*|each))?:(crash|error|pause)(?:#([^#\s]+))?$/;

const DONE = { crash: 'crashing', error: 'failing', pause: 'paused' } as const;

/**
 * Rules for a child process: `point[@nth]:action[#participant.method]`, separated by commas, such as
 * `ledger.decide.done:crash` or `barrier.confirm.opened@2:pause#payment.authorize`. `@each` means each occurrence.
 *
 * @throws ConfigurationError that names the known points
 * @publicApi
 */
export function parseFaults(text: string): FaultRule[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRule);
}

function parseRule(part: string): FaultRule {
  const [, point, nth, action, branch] = RULE.exec(part) ?? [];
  if (!isFaultPoint(point)) {
    throw new ConfigurationError(
      'TCC_FAULTS',
      `${JSON.stringify(part)} is not point[@nth]:crash|error|pause[#participant.method] with one of the points ${FAULT_POINTS.join(', ')}`,
    );
  }
  return {
    point,
    action: action as FaultAction,
    ...(nth === undefined ? {} : { nth: nth === 'each' ? nth : Number(nth) }),
    ...(branch === undefined ? {} : { branch }),
  };
}

const isFaultPoint = (text: string | undefined): text is FaultPoint =>
  (FAULT_POINTS as readonly (string | undefined)[]).includes(text);

/**
 * The hook that carries out what the environment variable `TCC_FAULTS` says; nothing when it is not set. Each fault is
 * first written to stderr, `tcc fault: paused at <point> <xids>`, so that a parent can kill the process at that moment.
 *
 * @throws ConfigurationError on a malformed value
 * @publicApi
 */
export function faultHookFromEnv(env: NodeJS.ProcessEnv = process.env): FaultHook {
  const rules = parseFaults(env['TCC_FAULTS'] ?? '');
  return rules.length === 0 ? () => undefined : faultHook(new FaultPlan(rules, announce));
}

function announce({ action, point }: FaultRule, { xids }: FaultSubject): void {
  // Nobody resumes it here. Without a handle the process would end by itself as soon as nothing else holds it open.
  if (action === 'pause') setInterval(() => {}, 2 ** 30);
  // Synchronous: nothing written later would leave the process before SIGKILL.
  writeSync(2, `tcc fault: ${DONE[action]} at ${point} ${xids.join(' ')}\n`);
}
