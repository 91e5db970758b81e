"""Other income (övriga intäkter): sold places, interest, VAT compensation."""
