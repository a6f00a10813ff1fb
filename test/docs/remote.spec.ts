import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { settle } from 'nestjs-tcc-testing';
import { writeModules } from './blocks.js';
import { createNamedDatabases, type NamedDatabases } from './databases.js';

const modules = writeModules('docs/remote.md');

interface Orders {
  place(sku: string, quantity: number): Promise<number>;
}

describe('the two applications of docs/remote.md', () => {
  let databases: NamedDatabases;
  let warehouse: INestApplication;
  let shop: INestApplication;
  let orders: Orders;
  let OrdersClass: Type<Orders>;
  let SoldOutError: Type<Error>;

  beforeAll(async () => {
    databases = await createNamedDatabases('warehouse', 'shop');
    await databases.rows(
      'warehouse',
      `create table stock (sku text primary key, free int);
       create table hold (branch text, sku text, quantity int);
       create table reorder (branch text, sku text);
       insert into stock values ('book', 5)`,
    );
    process.env['TCC_SECRET'] = 'only for tests, and thirty-two characters';
    const { WarehouseModule } = await modules.load<{ WarehouseModule: Type }>('warehouse.ts');
    warehouse = await NestFactory.create(WarehouseModule, { logger: false, abortOnError: false });
    await warehouse.listen(0, '127.0.0.1');
    const { port } = warehouse.getHttpServer().address() as AddressInfo;
    process.env['WAREHOUSE_HTTP'] = `http://127.0.0.1:${port}`;
    const loaded = await modules.load<{ ShopModule: Type; Orders: Type<Orders> }>('shop.ts');
    ({ SoldOutError } = await modules.load<{ SoldOutError: Type<Error> }>('stock.ts'));
    shop = await NestFactory.create(loaded.ShopModule, { logger: false, abortOnError: false });
    await shop.init();
    OrdersClass = loaded.Orders;
    orders = shop.get(OrdersClass);
  });
  afterAll(async () => {
    await shop?.close();
    await warehouse?.close();
    delete process.env['TCC_SECRET'];
    delete process.env['WAREHOUSE_HTTP'];
    await databases?.drop();
    modules.remove();
  });

  it('sell, refuse with the business error, and order anew what is sold out', async () => {
    expect(await orders.place('book', 3)).toBe(2);
    const refused = await orders.place('book', 3).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SoldOutError);
    expect(refused).toMatchObject({ code: 'SOLD_OUT', sku: 'book', message: 'book is sold out' });
    expect(await orders.place('book', 2)).toBe(0);
    await settle(shop);
    expect(await databases.rows('warehouse', 'select sku, free from stock')).toEqual([{ sku: 'book', free: 0 }]);
    expect(await databases.rows('warehouse', 'select * from hold')).toEqual([]);
    expect(await databases.rows('warehouse', 'select sku from reorder')).toEqual([{ sku: 'book' }]);
  });

  it('turn away whoever has no key', async () => {
    const answer = await fetch(`${process.env['WAREHOUSE_HTTP']}/tcc/participants`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.nestjs-tcc' },
      body: '{}',
    });
    expect(answer.status).toBe(401);
  });

  it('put something else in the place of a participant in tests', async () => {
    const { shopWithPlentyOfStock } = await modules.load<{
      shopWithPlentyOfStock: () => Promise<{ get(type: Type): Orders; close(): Promise<void> }>;
    }>('orders.spec.ts');
    const alone = await shopWithPlentyOfStock();
    expect(await alone.get(OrdersClass).place('book', 1)).toBe(1_000);
    await alone.close();
  });
});
