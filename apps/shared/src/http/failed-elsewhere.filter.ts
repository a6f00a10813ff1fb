import { Catch } from '@nestjs/common';
import { ParticipantRefusedError } from 'nestjs-tcc';
import { ShopExceptionFilter } from './shop-exception.filter.js';

/** What nestjs-tcc's own filter would answer as a refusal: a try that failed in another process. */
@Catch(ParticipantRefusedError)
export class FailedElsewhereFilter extends ShopExceptionFilter {}
