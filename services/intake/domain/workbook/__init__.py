"""A report as a workbook that clerks fill in: fields, what people type, faults, sheets. No file is touched here."""
