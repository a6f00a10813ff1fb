import { Transport } from '@nestjs/microservices';
import { describeBroker } from './describe-broker.js';

describeBroker({
  name: 'Redis',
  command: 'redis-server',
  port: 6379,
  start: (port, folder) => ({
    command: 'redis-server',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
  }),
  options: (port) => {
    // without retryAttempts Nest's client gives up for good when the connection is lost
    const options = { host: '127.0.0.1', port, retryAttempts: 10_000, retryDelay: 100 };
    return { server: { transport: Transport.REDIS, options }, client: { transport: Transport.REDIS, options } };
  },
});
