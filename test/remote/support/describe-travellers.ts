import { context, propagation, trace, type Context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { eventually } from '../../support/eventually.js';
import { Gate } from '../../support/gate.js';
import type { Pair } from './pair.js';
import { CourierService, StockService } from './stock.participant.js';
import type { TransportUnderTest } from './transports.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

const traced = (): Context =>
  trace.setSpanContext(context.active(), { traceId: TRACE_ID, spanId: 'b7ad6b7169203331', traceFlags: 1 });

/** What goes along with calls, and how both sides go away. */
export function describeTravellers(pair: () => Pair, transport: TransportUnderTest): void {
  it('takes the baggage along, in every phase', async () => {
    const { tcc, order, hooks, settled } = pair();
    const baggage = { tenant: 'acme', locale: 'de-AT', constructor: 'x' };
    const { xid } = await tcc.runWithBaggage(baggage, () => order(({ stock }) => stock.keep('this')));
    await settled(xid, 'confirmed');
    expect(hooks.of(xid)).toMatchObject([
      { phase: 'try', baggage },
      { phase: 'confirm', baggage },
    ]);
  });

  it('takes the trace along', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    try {
      const { order, hooks, settled } = pair();
      const { xid } = await context.with(traced(), () => order(({ stock }) => stock.keep('this')));
      await settled(xid, 'confirmed');
      expect(hooks.of(xid)).toMatchObject([
        { phase: 'try', traceId: TRACE_ID },
        { phase: 'confirm', traceId: TRACE_ID },
      ]);
    } finally {
      context.disable();
      propagation.disable();
    }
  });

  it('tells a try that its caller no longer listens', async () => {
    const { failure, hooks, settled } = pair();
    const gate = new Gate();
    let signal: AbortSignal | undefined;
    hooks.during = (visit) => {
      if (visit.phase !== 'try') return undefined;
      ({ signal } = visit);
      return gate.pass();
    };
    const gone = failure(({ stock }) => stock.keep('this'), { timeout: 400 });
    await gate.reached;
    const { xid } = await gone;
    await eventually(() => expect(signal?.aborted).toBe(true));
    if (transport.tellsOfAborts) expect(String(signal?.reason)).toMatch(/hung up|aborted|timeout/i);
    gate.open();
    await settled(xid, 'cancelled');
  });

  it('loses nothing of what is under way when it goes, and finds it again when it is back', async () => {
    const { middle, order, hooks, stopThere, redeploy, article, settled } = pair();
    const sku = await article(5);
    const gate = new Gate();
    hooks.during = ({ phase }) => (phase === 'try' ? gate.pass() : undefined);
    let xid = '';
    const underWay = order(
      async ({ stock, tcc }) => {
        ({ xid } = tcc.transaction);
        return stock.reserve(sku, 1);
      },
      { phaseTwo: 'background', timeout: '3s' },
    ).then(
      () => 'answered' as const,
      (error: unknown) => error,
    );
    await gate.reached;
    const stopped = stopThere();
    gate.open();
    const ended = await underWay;
    await stopped;
    // else the server would wait for the connection's keep-alive to end
    const { headers } = middle.answers.find(({ text }) => text?.includes(xid)) ?? {};
    if (headers) expect(headers['connection']).toBe('close');
    await redeploy([StockService, CourierService]);
    if (ended === 'answered') {
      await settled(xid, 'confirmed');
      expect(await pair().stockOf(sku)).toEqual({ free: 4, sold: 1, held: 0 });
    } else {
      // Nest closes connections of a microservice first, and asks what is under way afterwards
      expect(transport.answersBeforeItGoes).toBe(false);
      expect(ended).toMatchObject({
        code: expect.stringMatching(/^TCC_(PARTICIPANT_UNREACHABLE|TIMED_OUT)$/) as unknown,
      });
      await settled(xid, 'cancelled');
      expect(await pair().stockOf(sku)).toEqual({ free: 5, sold: 0, held: 0 });
    }
  });
}
