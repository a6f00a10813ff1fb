import { Transport } from '@nestjs/microservices';
import { describeBroker } from './describe-broker.js';

describeBroker({
  name: 'NATS',
  command: 'nats-server',
  port: 4222,
  start: (port) => ({ command: 'nats-server', args: ['-a', '127.0.0.1', '-p', String(port)] }),
  options: (port) => {
    const options = { servers: [`nats://127.0.0.1:${port}`], maxReconnectAttempts: -1, reconnectTimeWait: 100 };
    return { server: { transport: Transport.NATS, options }, client: { transport: Transport.NATS, options } };
  },
});
