import { Cancel, Confirm, GlobalTransaction, Message, Participant, Propagation, Try } from 'nestjs-tcc';

/* One class for each mistake, named after it. What the compiler would refuse is forced upon it with `as never`. */

const never = <T>(value: T): never => value as never;
const forced = (decorator: unknown): MethodDecorator & PropertyDecorator => decorator as never;

class Sound {
  @Try()
  async reserve(): Promise<void> {}
  @Confirm('reserve')
  async use(): Promise<void> {}
  @Cancel('reserve')
  async giveBack(): Promise<void> {}
}

@Participant('missing-confirm', { dataSource: 'good' })
export class MissingConfirm {
  @Try()
  async reserve(): Promise<void> {}
  @Cancel('reserve')
  async giveBack(): Promise<void> {}
}

@Participant('missing-cancel', { dataSource: 'good' })
export class MissingCancel {
  @Try()
  async reserve(): Promise<void> {}
  @Confirm('reserve')
  async use(): Promise<void> {}
}

@Participant('confirm-absent-and-present', { dataSource: 'good' })
export class ConfirmAbsentAndPresent {
  @Try({ confirm: false })
  async reserve(): Promise<void> {}
  @Confirm('reserve')
  async use(): Promise<void> {}
  @Cancel('reserve')
  async giveBack(): Promise<void> {}
}

@Participant('cancel-absent-and-present', { dataSource: 'good' })
export class CancelAbsentAndPresent {
  @Try({ cancel: false })
  async reserve(): Promise<void> {}
  @Confirm('reserve')
  async use(): Promise<void> {}
  @Cancel('reserve')
  async giveBack(): Promise<void> {}
}

@Participant('second-confirm', { dataSource: 'good' })
export class SecondConfirm extends Sound {
  @Confirm('reserve')
  async useAgain(): Promise<void> {}
}

@Participant('second-cancel', { dataSource: 'good' })
export class SecondCancel extends Sound {
  @Cancel('reserve')
  async giveBackAgain(): Promise<void> {}
}

@Participant('phases-of-nothing', { dataSource: 'good' })
export class PhasesOfNothing extends Sound {
  async plain(): Promise<void> {}
  @Message()
  async told(): Promise<void> {}
  @Confirm('plain')
  async usePlain(): Promise<void> {}
  @Cancel(never('reserved'))
  async misspelt(): Promise<void> {}
  @Confirm('told')
  async useMessage(): Promise<void> {}
}

@Participant('same-name', { dataSource: 'good' })
export class SameName extends Sound {}
@Participant('same-name', { dataSource: 'good' })
export class SameNameAgain extends Sound {}

@Participant('provided-twice', { dataSource: 'good' })
export class ProvidedTwice extends Sound {}

@Participant('on-no-method', { dataSource: 'good' })
export class OnNoMethod extends Sound {
  @forced(Try())
  static async onStatic(): Promise<void> {}
}
export class OnGetter {
  @forced(GlobalTransaction())
  get total(): number {
    throw new Error('a getter of the application ran at boot');
  }
}
export class OnField {
  @forced(GlobalTransaction())
  work = async (): Promise<void> => undefined;
}

export class WithoutParticipant extends Sound {}

@Participant('without-tries', { dataSource: 'good' })
export class WithoutTries {
  async reserve(): Promise<void> {}
}

class Base extends Sound {
  @GlobalTransaction()
  async order(): Promise<void> {}
}
@Participant('lost-try', { dataSource: 'good' })
export class LostTry extends Base {
  override async reserve(): Promise<void> {}
}
@Participant('lost-confirm', { dataSource: 'good' })
export class LostConfirm extends Base {
  override async use(): Promise<void> {}
}
@Participant('lost-cancel', { dataSource: 'good' })
export class LostCancel extends Base {
  override async giveBack(): Promise<void> {}
}
class GlobalBase {
  @GlobalTransaction()
  async order(): Promise<void> {}
}
export class LostGlobal extends GlobalBase {
  override async order(): Promise<void> {}
}

@Participant('data-source-missing', { dataSource: 'nowhere' })
export class DataSourceMissing extends Sound {}
@Participant('default-data-source-missing')
export class DefaultDataSourceMissing extends Sound {}
@Participant('no-postgres', { dataSource: 'sqlite' })
export class NoPostgres extends Sound {}
@Participant('without-time-limit', { dataSource: false })
export class WithoutTimeLimit extends Sound {}
@Participant('effects-without-data-source', { dataSource: false, effects: 'database' })
export class EffectsWithoutDataSource {
  @Try({ timeLimit: '5s', confirm: false, cancel: false })
  async reserve(): Promise<void> {}
}

@Participant('same-try-name', { dataSource: 'good' })
export class SameTryName extends Sound {
  @Try({ name: 'reserve', confirm: false, cancel: false })
  async other(): Promise<void> {}
}
@Participant('same-message-name', { dataSource: 'good' })
export class SameMessageName extends Sound {
  @Message({ name: 'reserve' })
  async other(): Promise<void> {}
}

@Participant('', { dataSource: 'good' })
export class EmptyName extends Sound {}
@Participant('zero\u0000', { dataSource: 'good' })
export class ZeroInName extends Sound {}
@Participant('x'.repeat(300), { dataSource: 'good' })
export class LongName extends Sound {}
@Participant(never(undefined), { dataSource: 'good' })
export class NoName extends Sound {}
@Participant('bad-try-name', { dataSource: 'good' })
export class BadTryName {
  @Try({ name: ' ', confirm: false, cancel: false })
  async reserve(): Promise<void> {}
  @Message({ name: '\ud800' })
  async told(): Promise<void> {}
}

@Participant('bad-time-limit', { dataSource: 'good' })
export class BadTimeLimit {
  @Try({ timeLimit: never('soon'), confirm: false, cancel: false })
  async reserve(): Promise<void> {}
  @Try({ timeLimit: -5, confirm: false, cancel: false })
  async negative(): Promise<void> {}
}

export class BadGlobal {
  @GlobalTransaction({ name: '\n' })
  async name(): Promise<void> {}
  @GlobalTransaction({ timeout: 0 })
  async timeout(): Promise<void> {}
  @GlobalTransaction({ propagation: never<string>('REQUIRED_NEW') as Propagation })
  async propagation(): Promise<void> {}
  @GlobalTransaction({ order: never('backwards') })
  async order(): Promise<void> {}
  @GlobalTransaction({ phaseTwo: never('later') })
  async phaseTwo(): Promise<void> {}
  @GlobalTransaction({ key: never('id') })
  async key(): Promise<void> {}
  @GlobalTransaction({ key: () => 'one', fingerprint: never({}) })
  async fingerprint(): Promise<void> {}
}
