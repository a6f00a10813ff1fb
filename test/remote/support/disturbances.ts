import {
  All,
  Body,
  Controller,
  Post,
  ValidationPipe,
  VersioningType,
  type CallHandler,
  type CanActivate,
  type INestApplication,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { Tcc } from 'nestjs-tcc';
import { map, type Observable } from 'rxjs';

/** Lets nobody in but those whom the application's own routes name. */
class RefuseAll implements CanActivate {
  canActivate(context: { getHandler(): { name: string } }): boolean {
    return context.getHandler().name === 'open';
  }
}

class Wrap implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data, wrapped: true })));
  }
}

/** What an application has for its own requests: one of them open, the others closed. */
@Controller()
export class PublicController {
  constructor(private readonly tcc: Tcc) {}

  @Post('open')
  open(@Body() body: unknown): unknown {
    return { baggage: this.tcc.baggage, body };
  }
}

/** @param path in the notation of the platform */
export function catchAll(path: string): Type {
  @Controller()
  class CatchAllController {
    @All(path)
    everything(): string {
      return 'everything else';
    }
  }
  return CatchAllController;
}

/** Nothing of this may disturb calls of participants. */
export function disturb(app: INestApplication): void {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.useGlobalGuards(new RefuseAll());
  app.useGlobalInterceptors(new Wrap());
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
}
