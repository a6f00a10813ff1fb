import 'reflect-metadata';
import { runService } from '../../shared/src/service/run-service.js';
import { InventoryAppModule } from './inventory.app.module.js';

runService('inventory', 3_001, (settings) => InventoryAppModule.forRoot(settings));
