export const KEYS = [{ id: 'bench', secret: 'not a secret, and thirty-two characters long' }];

export const SQL = {
  try: 'update account set balance = balance - $2, held = held + $2 where id = $1',
  confirm: 'update account set held = held - $2 where id = $1',
  cancel: 'update account set balance = balance + $2, held = held - $2 where id = $1',
};
