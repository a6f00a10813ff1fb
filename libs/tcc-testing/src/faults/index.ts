export { faultHookFromEnv, parseFaults } from './fault-hook-from-env.js';
export { type FaultAction, faultHook, FaultPlan, type FaultRule } from './fault-plan.js';
export { InjectedFaultError } from './injected-fault.error.js';
