import { startPostgres } from 'nestjs-tcc-testing';
import { runUntilStopped, type Running } from '../../shared/src/process/run-until-stopped.js';
import { environmentOf, SHOP_PARTS } from '../../shared/src/process/shop-parts.js';
import { launcherSettings, type LauncherSettings } from './launcher-settings.js';
import { SupervisedProcess } from './supervised-process.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

runUntilStopped(async (): Promise<Running> => {
  const settings = await launcherSettings(process.env);
  const server = await databaseServer(settings);
  const { plan } = settings;
  const parts = SHOP_PARTS.map(
    (part) => new SupervisedProcess(part, { ...process.env, ...environmentOf(part, plan), DATABASE_URL: server.url }),
  );
  const stop = async (): Promise<void> => {
    // what it is at still needs the others
    for (const part of parts.toReversed()) await part.stop();
    await server.stop();
  };
  // Ctrl-C while they start must leave nothing behind either
  const stopEarly = (): void => void stop().finally(() => process.exit(1));
  for (const signal of SIGNALS) process.once(signal, stopEarly);
  try {
    await Promise.all(parts.map(({ served }) => served));
  } catch (error) {
    await stop();
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stopEarly);
  }
  const { ports, host, transport } = plan;
  const databases = settings.databaseUrl === undefined ? `; databases on ${server.url}` : '';
  return {
    lines: [
      `shop, inventory and payment run over ${transport}${databases}`,
      `the shop is open at http://${host}:${ports.shop}`,
    ],
    stop,
  };
});

async function databaseServer({
  databaseUrl,
  dataDir,
}: LauncherSettings): Promise<{ url: string; stop(): Promise<void> }> {
  if (databaseUrl !== undefined) return { url: databaseUrl, stop: () => Promise.resolve() };
  return startPostgres({ dataDir, ignoreDatabaseUrl: true });
}
