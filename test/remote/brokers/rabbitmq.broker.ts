import { randomUUID } from 'node:crypto';
import { Transport } from '@nestjs/microservices';
import { describeBroker } from './describe-broker.js';
import { freePort } from '../support/transports.js';
import { PatientServerRMQ } from './patient-rmq.server.js';

describeBroker({
  name: 'RabbitMQ',
  command: 'rabbitmq-server',
  port: 5672,
  start: async (port, folder) => ({
    // not the one on the PATH, which changes to a user who may not write to the folder
    command: '/usr/lib/rabbitmq/bin/rabbitmq-server',
    args: [],
    env: {
      HOME: folder,
      // there are none: the service's own say where it listens
      RABBITMQ_CONFIG_FILE: `${folder}/none`,
      RABBITMQ_CONF_ENV_FILE: `${folder}/none`,
      RABBITMQ_NODENAME: `tcc-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      // not the one behind it: the system gives that to whoever connects to something while this one is down
      RABBITMQ_DIST_PORT: String(await freePort()),
      RABBITMQ_MNESIA_BASE: folder,
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_PID_FILE: `${folder}/pid`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
    },
  }),
  options: (port) => {
    const options = {
      urls: [`amqp://guest:guest@127.0.0.1:${port}`],
      queue: `tcc-test-${randomUUID()}`,
      queueOptions: { durable: false, expires: 600_000 },
      socketOptions: { reconnectTimeInSeconds: 1, heartbeatIntervalInSeconds: 5 },
    };
    return {
      server: () => ({ strategy: new PatientServerRMQ(options) }),
      client: { transport: Transport.RMQ, options },
    };
  },
});
