import type { Schema } from '../../shared/src/database/migrate.js';

/** Database `shop`. Amounts in cents. `branch` and `refund_branch` are keys of branches, see OrdersParticipant. */
export const shopSchema: Schema = {
  migrations: [
    `
create table cart (
  id uuid primary key,
  created_at timestamptz not null default now()
);
create table cart_line (
  cart_id uuid not null references cart on delete cascade,
  sku text not null,
  quantity int not null check (quantity > 0),
  primary key (cart_id, sku)
);
create table orders (
  id uuid primary key,
  branch text not null unique,
  xid uuid not null,
  customer text not null,
  items json not null,
  total bigint not null check (total >= 0),
  status text not null check (status in ('pending', 'confirmed', 'cancelled', 'refunding', 'refunded')),
  refund_branch text unique,
  refund_xid uuid,
  created_at timestamptz not null default now()
);
`,
  ],
};
