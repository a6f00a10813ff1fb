import { ServerRMQ } from '@nestjs/microservices';

/**
 * Nest's server leaves the promise of a reply to itself: one that the broker can no longer take is an unhandled
 * rejection, which ends the process (docs/remote.md says so). Here the answer is lost and nothing else, as over the
 * other brokers.
 */
export class PatientServerRMQ extends ServerRMQ {
  override sendMessage(...[message, replyTo, correlationId, context]: Parameters<ServerRMQ['sendMessage']>): void {
    const { channel } = this;
    const sendToQueue: unknown = (queue: string, content: Buffer, options?: object) =>
      channel!.sendToQueue(queue, content, options).catch(() => undefined);
    this.channel = Object.create(channel, { sendToQueue: { value: sendToQueue } });
    try {
      super.sendMessage(message, replyTo, correlationId, context);
    } finally {
      this.channel = channel;
    }
  }
}
