import { ConsoleLogger, type LogLevel } from '@nestjs/common';

/** Nest's logger on stderr: stdout belongs to what the application says to whoever has started it. */
export class StderrLogger extends ConsoleLogger {
  constructor() {
    super({ logLevels: ['warn', 'error', 'fatal'], ...(process.stderr.isTTY ? {} : { colors: false }) });
  }

  protected override printMessages(messages: unknown[], context?: string, level?: LogLevel): void {
    super.printMessages(messages, context, level, 'stderr');
  }
}
