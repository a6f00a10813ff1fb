import type { Schema } from '../../shared/src/database/migrate.js';

/** Database `payment`. Amounts in cents. */
export const paymentSchema: Schema = {
  migrations: [
    `
create table account (
  customer text primary key,
  balance bigint not null check (balance >= 0),
  held bigint not null default 0 check (held >= 0),
  captured bigint not null default 0 check (captured >= 0)
);
create table account_hold (
  branch text primary key,
  customer text not null references account,
  amount bigint not null check (amount >= 0)
);
`,
  ],
  seed: `
insert into account (customer, balance)
values ('alice', 1000000), ('bob', 2000)
on conflict (customer) do nothing
`,
};
