import { toWireError } from './wire-error.js';

class SoldOutError extends Error {
  readonly code = 'SOLD_OUT';
  readonly sku = 'book';
}

describe('an error that crosses the wire', () => {
  it('carries its own properties', () => {
    expect(toWireError(new SoldOutError('none left'), JSON.stringify)).toEqual({
      name: 'SoldOutError',
      code: 'SOLD_OUT',
      message: 'none left',
      details: '{"sku":"book"}',
    });
  });

  it.each([
    ['TypeORM', { driverError: {}, query: 'select secret', parameters: ['secret'] }],
    ['pg', { severity: 'ERROR', code: '23505', detail: 'Key (card)=(secret) already exists.' }],
  ])('leaves behind what one of %s says of statements and rows', (_, properties) => {
    const wire = toWireError(Object.assign(new Error('duplicate key'), properties), JSON.stringify);
    expect(wire.message).toBe('duplicate key');
    expect(wire.details).toBeUndefined();
  });
});
