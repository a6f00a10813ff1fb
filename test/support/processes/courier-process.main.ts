// Entry of a child process: an application with couriers whose recovery does what is due, see child-app.ts.
import { writeSync } from 'node:fs';
import pg from 'pg';
import { courier, startCouriers } from './courier-app.js';
import type { CourierPlan, Report } from './process-plan.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as CourierPlan;
const pool = new pg.Pool({ connectionString: plan.ledger, max: 10 });

process.once('disconnect', () => process.exit(0));
await startCouriers(
  plan.ledger,
  plan.couriers.map((name) =>
    courier(name, async (parcel, phase) => {
      await pool.query('insert into delivering (parcel) values ($1)', [parcel]);
      await pool.query('insert into delivered (parcel, phase, pid) values ($1, $2, $3)', [parcel, phase, process.pid]);
      await pool.query('delete from delivering where parcel = $1', [parcel]);
    }),
  ),
  plan.options,
);
const ready: Report = { said: 'ready' };
writeSync(1, `${JSON.stringify(ready)}\n`);
