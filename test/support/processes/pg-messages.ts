const STARTUP_HEADER = 4;
const HEADER = 5;

/** One message of a client, with all its bytes. */
export interface FrontendMessage {
  /** Its type byte; empty for the first message of a connection, which has none. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** Cuts what a client of Postgres sends into messages. */
export class FrontendReader {
  private rest: Buffer = Buffer.alloc(0);
  private started = false;

  read(chunk: Buffer): FrontendMessage[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const messages: FrontendMessage[] = [];
    for (;;) {
      const header = this.started ? HEADER : STARTUP_HEADER;
      if (this.rest.length < header) return messages;
      // the length counts itself and not the type byte
      const length = this.rest.readInt32BE(header - STARTUP_HEADER) + header - STARTUP_HEADER;
      if (this.rest.length < length) return messages;
      const bytes = this.rest.subarray(0, length);
      messages.push({ type: this.started ? String.fromCharCode(bytes[0]!) : '', bytes });
      this.rest = this.rest.subarray(length);
      this.started = true;
    }
  }
}

/**
 * Follows one connection from statement to statement, to tell where something is about to become durable: at a COMMIT,
 * and outside a transaction at each Sync.
 */
export class CommitWatch {
  private statements: string[] = [];
  private parsed = '';
  private explicit = false;

  /** @returns what is committed by this message, oldest first: names of prepared statements, or texts. Undefined: nothing */
  see({ type, bytes }: FrontendMessage): readonly string[] | undefined {
    switch (type) {
      case 'Q':
        return this.query(text(bytes, HEADER));
      case 'P': {
        const name = text(bytes, HEADER);
        this.parsed = text(bytes, HEADER + Buffer.byteLength(name) + 1);
        return undefined;
      }
      case 'B': {
        const portal = text(bytes, HEADER);
        const name = text(bytes, HEADER + Buffer.byteLength(portal) + 1);
        this.statements.push(name === '' ? this.parsed : name);
        return undefined;
      }
      case 'S':
        return this.explicit || this.statements.length === 0 ? undefined : this.commit();
      default:
        return undefined;
    }
  }

  private query(sql: string): readonly string[] | undefined {
    const [word] = sql.trimStart().toLowerCase().split(/\W/, 1);
    if (word === 'commit') return this.commit();
    if (word === 'rollback' && !/^\s*rollback\s+to\b/i.test(sql)) {
      this.commit();
      return undefined;
    }
    if (word === 'begin') this.explicit = true;
    this.statements.push(sql);
    return this.explicit ? undefined : this.commit();
  }

  private commit(): readonly string[] {
    const { statements } = this;
    this.statements = [];
    this.explicit = false;
    return statements;
  }
}

const text = (bytes: Buffer, from: number): string => bytes.toString('utf8', from, bytes.indexOf(0, from));
