import { ValidateBy } from 'class-validator';
import { isStorableText } from '../storable-text.js';

/** A body's field that names something: a text that a database can hold. */
export const IsStorableText = (): PropertyDecorator =>
  ValidateBy({
    name: 'isStorableText',
    validator: {
      validate: isStorableText,
      defaultMessage: (about) => `${about?.property ?? 'it'} must be a text of 1 to 200 printable characters`,
    },
  });
