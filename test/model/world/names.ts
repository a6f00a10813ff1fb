const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Xids are random: short names that are the same in every execution stand for them. */
export class Names {
  private readonly names = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  /** @param initiator whose transaction it is */
  name(xid: string, initiator: string): void {
    if (this.names.has(xid)) return;
    const number = (this.counts.get(initiator) ?? 0) + 1;
    this.counts.set(initiator, number);
    this.names.set(xid, `X${initiator}${number}`);
  }

  get xids(): readonly string[] {
    return [...this.names.keys()];
  }

  of(xid: string): string {
    return this.names.get(xid) ?? xid;
  }

  in(text: string): string {
    return text.replace(UUID, (xid) => this.of(xid));
  }
}
