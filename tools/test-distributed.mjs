// Kills parts of the distributed shop under load, over every transport. Needs a Redis, a NATS server and a RabbitMQ on
// their standard ports, or REDIS_URL, NATS_URL and RABBITMQ_URL. Arguments choose transports: npm run test:distributed -- http tcp
import { spawnSync } from 'node:child_process';

const transports = process.argv.slice(2);
const env = {
  SHOP_TEST_ORDERS: '300',
  SHOP_TEST_KILLS: '10',
  SHOP_TEST_CUT_MS: '60000',
  ...process.env,
  SHOP_TEST_TRANSPORTS: transports.join(',') || 'http,tcp,redis,nats,rabbitmq',
};
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const { status } = spawnSync(process.execPath, [...jest, '--config', 'jest.distributed.config.js'], {
  stdio: 'inherit',
  env,
});
process.exit(status ?? 1);
