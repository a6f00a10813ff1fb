import { context, propagation } from '@opentelemetry/api';

/** W3C trace context and baggage of the caller, by whatever propagator the application has set up; empty without one. */
export function traceToSend(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** Runs `work` as part of the trace that a call came with. */
export const withTrace = <T>(trace: Readonly<Record<string, string>>, work: () => T): T =>
  context.with(propagation.extract(context.active(), trace), work);
