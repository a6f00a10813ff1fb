import type { Schema } from '../../shared/src/database/migrate.js';

/** Database `inventory`. The checks are the last line of defence: no mistake in a phase can sell what is not there. */
export const inventorySchema: Schema = {
  migrations: [
    `
create table stock (
  sku text primary key,
  price bigint not null check (price >= 0),
  available int not null check (available >= 0),
  reserved int not null default 0 check (reserved >= 0),
  sold int not null default 0 check (sold >= 0)
);
create table stock_hold (
  branch text not null,
  sku text not null references stock,
  quantity int not null check (quantity > 0),
  primary key (branch, sku)
);
`,
  ],
  seed: `
insert into stock (sku, price, available)
values ('book', 1500, 10000), ('lamp', 4900, 5), ('phone', 89900, 50)
on conflict (sku) do nothing
`,
};
