/** Makes this process believe in another time of day: what reads the wall clock through `Date` is that far off. */
export function shiftWallClock(byMs: number): void {
  const RealDate = Date;
  const now = (): number => RealDate.now() + byMs;
  const Shifted = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
  });
  // whoever asks a date for its constructor compares that with the global one
  RealDate.prototype.constructor = Shifted;
  globalThis.Date = Shifted;
}
