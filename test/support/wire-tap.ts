import type { DataSource } from 'typeorm';

/** What went over the wires of a pool. */
export interface Exchange {
  /** How often the server said that it was ready for the next query. */
  roundTrips: number;
  /** How often something was written to a socket. */
  writes: number;
  /** The statements that were sent as text, in order. */
  texts: string[];
  /** Names of those that were to be prepared. */
  prepared: string[];
}

interface Tapped {
  readonly connection: {
    readonly stream: { write(chunk: Buffer): boolean };
    on(event: 'readyForQuery', listener: () => void): void;
  };
}

/** Listens to every connection that a DataSource's pool hands out from now on, until the DataSource is destroyed. */
export class WireTap {
  private heard = nothing();
  private readonly tapped = new WeakSet<object>();

  constructor(dataSource: DataSource) {
    const pool = (
      dataSource.driver as unknown as { master: { on(event: string, listen: (client: Tapped) => void): void } }
    ).master;
    pool.on('acquire', (client) => this.tap(client));
  }

  /** What is exchanged while `work` runs. */
  async during(work: () => Promise<unknown>): Promise<Exchange> {
    this.heard = nothing();
    await work();
    return this.heard;
  }

  private tap({ connection }: Tapped): void {
    if (this.tapped.has(connection)) return;
    this.tapped.add(connection);
    connection.on('readyForQuery', () => (this.heard.roundTrips += 1));
    const { stream } = connection;
    const write = stream.write.bind(stream);
    stream.write = (chunk) => {
      this.heard.writes += 1;
      this.read(chunk);
      return write(chunk);
    };
  }

  /** Of the protocol: a letter, a length that counts itself, a body. */
  private read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += 1 + chunk.readInt32BE(at + 1)) {
      const body = chunk.toString('utf8', at + 5, at + 1 + chunk.readInt32BE(at + 1)).split('\0');
      const [type] = chunk.toString('latin1', at, at + 1);
      if (type === 'Q') this.heard.texts.push(body[0]!);
      if (type !== 'P') continue;
      this.heard.texts.push(body[1]!);
      if (body[0]) this.heard.prepared.push(body[0]);
    }
  }
}

const nothing = (): Exchange => ({ roundTrips: 0, writes: 0, texts: [], prepared: [] });
