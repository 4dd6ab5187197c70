"""What the first sheet tells clerks."""

from typing import Final

from contracts.message import Bilingual
from services.intake.domain.workbook.kinds import words

GUIDE_SHEET: Final = "Petunjuk"

GUIDE: Final[tuple[Bilingual, ...]] = (
    words(
        "1. Isilah sel kuning pada lembar Umum, Tahapan, Capaian, Mutu, Permasalahan, dan Penjelasan. Sel lain "
        "terkunci.",
        "1. Fill in the yellow cells of the sheets Umum, Tahapan, Capaian, Mutu, Permasalahan and Penjelasan. All "
        "other cells are locked.",
    ),
    words(
        "2. Angka adalah jumlah sejak 1 Januari sampai akhir triwulan ini; sasaran adalah sasaran satu tahun penuh.",
        "2. Figures count from 1 January to the end of this quarter; targets are those of the whole year.",
    ),
    words(
        "3. Sel kosong berarti «tidak dilaporkan». Bila jumlahnya memang nol, tulislah 0.",
        "3. A blank cell means «not reported». Where the figure really is zero, write 0.",
    ),
    words(
        "4. Tulis ribuan dengan titik dan desimal dengan koma (1.234,56), atau tanpa titik (1234,56). Jangan menulis "
        "persen, satuan, atau rumus.",
        "4. Write thousands with a dot and decimals with a comma (1.234,56), or no dots (1234,56). Do not write per "
        "cents, units or formulas.",
    ),
    words(
        "5. Sel abu-abu menunjukkan laporan triwulan lalu sebagai pembanding; sel itu tidak ikut dikirim.",
        "5. Grey cells show last quarter's report to compare with; they are not sent.",
    ),
    words(
        "6. Mutu: satu baris satu butir. Pilih jenis pelayanannya, lalu isi kode, uraian, dan satuannya. Kosongkan "
        "seluruh baris yang tidak dipakai.",
        "6. Mutu (quality): one row, one item. Choose its service type, then give code, item and unit. Leave a row "
        "that is not used all blank.",
    ),
    words(
        "7. Bila sejak Januari tidak ada layanan sama sekali, pilih Ya pada «Laporan nihil?» di lembar Umum, beri "
        "alasannya, dan kosongkan semua angka.",
        "7. If nothing at all was delivered since January, choose Yes at «Nil return?» on the sheet Umum, give the "
        "reason and leave all figures blank.",
    ),
    words(
        "8. Jangan menulis nama orang, nomor telepon, atau NIK; cukup jabatan dan unit kerja.",
        "8. Write no names of persons, telephone or identity numbers; office and unit are enough.",
    ),
    words(
        "9. Simpan sebagai .xlsx dan unggah kembali. Bila ada yang salah, buku kerja ini kembali dengan sel merah dan "
        "lembar Kesalahan; perbaiki dan unggah lagi.",
        "9. Save as .xlsx and upload it. If something is wrong, this workbook comes back with red cells and a sheet "
        "Kesalahan; mend it and upload it again.",
    ),
)
