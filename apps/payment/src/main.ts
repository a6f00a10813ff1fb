import 'reflect-metadata';
import { runService } from '../../shared/src/service/run-service.js';
import { PaymentAppModule } from './payment.app.module.js';

runService('payment', 3_002, (settings) => PaymentAppModule.forRoot(settings));
