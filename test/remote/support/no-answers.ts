import { CUT, type Answer, type Delivery, type Meddled } from './middle.js';

const html = (status: number): Answer => ({
  text: '<!doctype html><title>Shop</title>',
  status,
  headers: { 'content-type': 'text/html' },
});
const json = (value: unknown, status = 200): Answer => ({ text: JSON.stringify(value), status });

/** What may come back instead of an answer. Over a broker the text arrives without status and headers. */
export const NO_ANSWERS: Readonly<Record<string, (delivery: Delivery) => Meddled>> = {
  'an index.html with 200': () => html(200),
  'a 404 of a proxy': () => html(404),
  'a 503 with Retry-After': () => ({ ...html(503), headers: { 'retry-after': '1' } }),
  'a redirect': () => ({ ...html(302), headers: { location: '/login' } }),
  nothing: () => ({ text: '' }),
  'a JSON object of somebody else': () => json({ status: 'ok', data: null }),
  null: () => json(null),
  'a list': () => json([{ answer: 'done' }]),
  'half of the answer': async ({ deliver }) => {
    const { text, ...rest } = await deliver();
    return { ...rest, text: text.slice(0, -10) };
  },
  'an answer that somebody has changed': async ({ deliver }) => {
    const { text, ...rest } = await deliver();
    return { ...rest, text: text.replace('"now":', '"mow":1,"now":') };
  },
  'an answer that nobody has signed': async ({ deliver }) => ({ ...(await deliver()), signature: undefined }),
  'a "done" that a stranger has written': ({ call: { xid, seq, phase } }) =>
    json({ v: 1, xid, seq, phase, now: Date.now(), answer: 'done' }),
  'a "stale" that a stranger has written': () => json({ v: 1, answer: 'stale', now: Date.now() + 86_400_000 }, 401),
  'a cut connection': () => CUT,
  'a cut connection once it has been done': async ({ deliver }): Promise<typeof CUT> => {
    await deliver();
    return CUT;
  },
};
